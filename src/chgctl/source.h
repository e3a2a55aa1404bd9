/* SPDX-License-Identifier: BSD-3-Clause
 * The database of a command: found, opened for reading, read in short steps.
 */
#ifndef CHG_CHGCTL_SOURCE_H
#define CHG_CHGCTL_SOURCE_H

#include "chgctl/command.h"
#include "port/store.h"

enum {
	CTL_PATH_MAX = 4096,
	/* Records in one read transaction: a long listing must not keep the log from shrinking. */
	CTL_PAGE_RECORDS = 500,
	/* Records that take long enough to look through to say so. */
	CTL_UNINDEXED_TELL = 200000,
};

struct ctl_source {
	char path[CTL_PATH_MAX];
	struct chg_store store;    /* what is read: the database, with --archive and its archives */
	struct chg_store database; /* the database alone */
	unsigned complaints;       /* about archives */
};

/*
 * Finds the database: --db, else store.path of --config's file, else $CHG_DB, else store.path of
 * the installed configuration.  Says on stderr what is wrong when it finds none.
 */
enum ctl_exit ctl_source_find(const struct ctl_args *args, char ret_path[CTL_PATH_MAX]);

/*
 * Finds it and opens it for reading, with its archives where --archive or --archive-dir asks for them;
 * creates nothing.  Says on stderr what is wrong.  The source must stay where it is until it is closed.
 */
enum ctl_exit ctl_source_open(const struct ctl_args *args, struct ctl_source *ret);

/* Says on stderr when many records had to be looked through for want of an index. */
void ctl_source_close(struct ctl_source *source);

/* CTL_EXIT_PROBLEM when an archive could not be read, which was told, and exit otherwise. */
enum ctl_exit ctl_source_verdict(const struct ctl_source *source, enum ctl_exit exit);

/* The folder of the archives of a database: --archive-dir, else as the configuration has it. */
enum ctl_exit ctl_source_archives(
	const struct ctl_args *args, const char *database, char ret_folder[CTL_PATH_MAX]);

/* What left the database for archives. */
struct ctl_archived {
	uint64_t records;
	int64_t local_sequence_max;
};

/* Whether it was opened with its archives. */
bool ctl_source_reads_archives(const struct ctl_source *source);

/* As the database tells it, whether or not the source reads the archives as well. */
enum chg_rc ctl_source_archived(struct ctl_source *source, struct ctl_archived *ret);

/*
 * Calls each for every record of the filter, in transactions of CTL_PAGE_RECORDS, and page_end
 * after each transaction with nothing locked; either stops the scan by returning false.  Stops too
 * when the operator asked to.  page_end may be NULL.
 */
enum chg_rc ctl_source_scan(struct ctl_source *source, const struct chg_cdr_filter *filter,
	chg_cdr_each *each, bool (*page_end)(void *to), void *to);

/*
 * Finds the node's control socket: --socket, else control.socket of the configuration, else that of
 * the defaults.  Says on stderr what is wrong; CTL_EXIT_UNREACHABLE: the configuration has none.
 */
enum ctl_exit ctl_source_socket(const struct ctl_args *args, char ret_path[CTL_PATH_MAX]);

/* Says on stderr that reading failed, and what to do. */
enum ctl_exit ctl_source_failed(const struct ctl_source *source, enum chg_rc rc);

/* Reads the configuration; says what is wrong on stderr.  Free it with free(). */
struct chg_config;
struct chg_config *ctl_config_read(const char *path);

/* The installed configuration, unless --config names another. */
const char *ctl_config_path(const struct ctl_args *args);

#endif
