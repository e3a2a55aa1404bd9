/* SPDX-License-Identifier: BSD-3-Clause
 * Records by the time when they started.  A zone is 4096 records that follow each other, and cdr_zone
 * says between which times they started: nearly in the order of their numbers, so that a span of
 * time is some zones beside each other, and all others need no look.
 */
#include "store/sqlite/sqlite_private.h"

static enum chg_rc find_zone(struct chg_sqlite *sqlite, const struct chg_zones *zones, bool is_down,
	int64_t zone_no, int64_t *ret, bool *ret_found)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, is_down ? CHG_Q_zone_down : CHG_Q_zone_up);
	*ret_found = false;
	chg_stmt_i64(stmt, CHG_N_zone_no, zone_no);
	chg_stmt_i64(stmt, CHG_N_from_us, zones->from_us);
	chg_stmt_i64(stmt, CHG_N_until_us, zones->until_us);
	enum chg_rc rc = chg_stmt_step(stmt, ret_found);
	if (rc != CHG_OK || !*ret_found)
		return rc;
	*ret = sqlite3_column_int64(stmt->handle, 0);
	chg_stmt_reset(stmt);
	return CHG_OK;
}

enum chg_rc chg_sqlite_zone_seek(
	struct chg_sqlite *sqlite, const struct chg_zones *zones, int64_t *at, bool *ret_end)
{
	bool is_down = zones->newest_first, is_found;
	int64_t next = is_down ? *at - 1 : *at + 1;
	int64_t zone_no;
	*ret_end = false;
	if (!zones->is_restricted)
		return CHG_OK;
	enum chg_rc rc =
		find_zone(sqlite, zones, is_down, next / CHG_ZONE_SIZE, &zone_no, &is_found);
	if (rc != CHG_OK)
		return rc;
	*ret_end = !is_found;
	if (is_found && zone_no != next / CHG_ZONE_SIZE)
		*at = is_down ? (zone_no + 1) * CHG_ZONE_SIZE : zone_no * CHG_ZONE_SIZE - 1;
	return CHG_OK;
}

enum chg_rc chg_sqlite_zone_has(
	struct chg_sqlite *sqlite, const struct chg_zones *zones, int64_t cdr_id, bool *ret)
{
	int64_t zone_no = 0;
	*ret = true;
	if (!zones->is_restricted)
		return CHG_OK;
	enum chg_rc rc = find_zone(sqlite, zones, false, cdr_id / CHG_ZONE_SIZE, &zone_no, ret);
	*ret = *ret && zone_no == cdr_id / CHG_ZONE_SIZE;
	return rc;
}
