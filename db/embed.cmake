# Turns db/sqlite/*.sql and db/search/*.sql into one C source of byte arrays, rebuilt when a file changes, and adds it to
# chg_store_sqlite.  Migrations are the files named NNNN_what.sql, in the order of their numbers.
include_guard()

file(GLOB CHG_SQL_MIGRATIONS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/db/sqlite/[0-9]*.sql)
list(SORT CHG_SQL_MIGRATIONS)
set(CHG_SQL_QUERY ${CMAKE_SOURCE_DIR}/db/sqlite/query.sql)
set(CHG_SQL_SEARCH_SCHEMA ${CMAKE_SOURCE_DIR}/db/search/schema.sql)
set(CHG_SQL_SEARCH_QUERY ${CMAKE_SOURCE_DIR}/db/search/query.sql)
set(CHG_SQL_SOURCE ${CMAKE_BINARY_DIR}/generated/sqlite_sql.c)
set(CHG_SQL_SCRIPT ${CMAKE_SOURCE_DIR}/db/embed_sql.cmake)

add_custom_command(
  OUTPUT ${CHG_SQL_SOURCE}
  COMMAND ${CMAKE_COMMAND} "-DMIGRATIONS=${CHG_SQL_MIGRATIONS}" "-DQUERY=${CHG_SQL_QUERY}"
    "-DSEARCH_SCHEMA=${CHG_SQL_SEARCH_SCHEMA}" "-DSEARCH_QUERY=${CHG_SQL_SEARCH_QUERY}"
    "-DOUTPUT=${CHG_SQL_SOURCE}" -P ${CHG_SQL_SCRIPT}
  DEPENDS ${CHG_SQL_MIGRATIONS} ${CHG_SQL_QUERY} ${CHG_SQL_SEARCH_SCHEMA} ${CHG_SQL_SEARCH_QUERY}
    ${CHG_SQL_SCRIPT}
  COMMENT "Embedding db/sqlite/*.sql and db/search/*.sql"
  VERBATIM)
target_sources(chg_store_sqlite PRIVATE ${CHG_SQL_SOURCE})
