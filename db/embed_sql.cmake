# Run by embed.cmake at build time: MIGRATIONS (a list), QUERY, SEARCH_SCHEMA and SEARCH_QUERY are read, OUTPUT is written.

# An array of the file's bytes and a NUL after them.
function(write_bytes symbol path)
  file(READ ${path} hex HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  file(APPEND ${OUTPUT} "static const unsigned char ${symbol}[] = {\n${bytes}0x00\n};\n\n")
endfunction()

file(WRITE ${OUTPUT} "/* SPDX-License-Identifier: BSD-3-Clause\n"
  " * Made from the files of db/sqlite and db/search by db/embed_sql.cmake.\n */\n#include \"store/sqlite/sqlite_sql.h\"\n\n")
set(rows "")
set(expected 1)
foreach(path ${MIGRATIONS})
  get_filename_component(name ${path} NAME)
  string(REGEX MATCH "^[0-9]+" number ${name})
  math(EXPR number "1${number} - 10000")
  if(NOT number EQUAL expected)
    message(FATAL_ERROR "${name}: migration ${expected} is missing, or the number has not four digits")
  endif()
  math(EXPR expected "${expected} + 1")
  write_bytes(migration_${number} ${path})
  string(APPEND rows "\t{ \"${name}\", (const char *)migration_${number}, sizeof migration_${number} - 1 },\n")
endforeach()
write_bytes(query ${QUERY})
write_bytes(search_schema ${SEARCH_SCHEMA})
write_bytes(search_query ${SEARCH_QUERY})
file(APPEND ${OUTPUT} "const struct chg_sql_text chg_sql_migrations[] = {\n${rows}};\n\n"
  "const size_t chg_sql_migration_count = sizeof chg_sql_migrations / sizeof chg_sql_migrations[0];\n\n"
  "const struct chg_sql_text chg_sql_query = { \"query.sql\", (const char *)query, sizeof query - 1 };\n\n"
  "const struct chg_sql_text chg_sql_search_schema = { \"search/schema.sql\", (const char *)search_schema, sizeof search_schema - 1 };\n\n"
  "const struct chg_sql_text chg_sql_search_query = { \"search/query.sql\", (const char *)search_query, sizeof search_query - 1 };\n")
