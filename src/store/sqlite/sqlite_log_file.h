/* SPDX-License-Identifier: BSD-3-Clause
 * The write-ahead log's file, written with few calls.
 *
 * SQLite writes each page of a commit by two calls, its header and its content, one behind the other.
 * Here they are collected and handed to the system when SQLite syncs the file, which with
 * synchronous=FULL it does at the end of each commit, before anybody is told of it.  Until then nobody
 * but the writer knows that the pages are there; what he reads himself is written before.
 *
 * Good for connections with synchronous=FULL alone: without that sync a reader would be told of pages
 * that no file has.
 */
#ifndef CHG_STORE_SQLITE_LOG_FILE_H
#define CHG_STORE_SQLITE_LOG_FILE_H

/*
 * The name to give to sqlite3_open_v2; all but the log goes to the library's own file system.  NULL:
 * no memory, or a library that has none; its own is used then.
 */
const char *chg_sqlite_log_vfs(void);

#endif
