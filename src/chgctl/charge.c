/* SPDX-License-Identifier: BSD-3-Clause
 * One row for each service of each request.
 */
#include "chgctl/charge.h"

#include "chgctl/out.h"

static const struct ctl_column columns[] = {
	{ .name = "entry_no", .heading = "NO", .is_right = true, .hides_empty = true },
	{ .name = "rating_group", .heading = "GROUP", .is_right = true, .hides_empty = true },
	{ .name = "service_id", .heading = "SERVICE", .is_right = true, .hides_empty = true },
	{ .name = "unit", .heading = "UNIT" },
	{ .name = "asked", .heading = "ASKED", .is_right = true },
	{ .name = "granted", .heading = "GRANTED", .is_right = true },
	{ .name = "used", .heading = "USED", .is_right = true },
	{ .name = "cost", .heading = "COST", .is_right = true },
	{ .name = "result_code", .heading = "RESULT", .is_right = true },
	{ .name = "rule", .heading = "RULE", .hides_empty = true },
	{ .name = "tariff_version", .heading = "TARIFF", .is_right = true, .hides_empty = true },
};

enum {
	COLUMN_COUNT = sizeof columns / sizeof columns[0],
};

struct charge {
	struct ctl_out out;
	enum chg_rc rc;
};

static struct ctl_value value_u32(chg_opt_u32 opt)
{
	return opt.is_present ? ctl_value_count(opt.value) : (struct ctl_value){ 0 };
}

/* Units, or micros where the client rates. */
static struct ctl_value value_units(const struct chg_service_done *done, chg_opt_u64 opt)
{
	if (!opt.is_present)
		return (struct ctl_value){ 0 };
	return done->is_money && opt.value <= INT64_MAX ? ctl_value_money((int64_t)opt.value)
							: ctl_value_count(opt.value);
}

static bool each(
	void *to, uint32_t entry_no, const struct chg_service_done *done, struct chg_view rule_name)
{
	struct charge *charge = to;
	const char *unit = done->is_money ? "money" : chg_unit_text(done->unit);
	const struct ctl_value values[COLUMN_COUNT] = {
		entry_no == 0 ? (struct ctl_value){ 0 } : ctl_value_count(entry_no),
		value_u32(done->rating_group),
		value_u32(done->service_id),
		ctl_value_text(chg_view_of(unit)),
		value_units(done, done->asked),
		value_units(done, done->granted),
		value_units(done, done->used),
		ctl_value_money(done->cost.micros),
		ctl_value_count(done->result_code),
		rule_name.len == 0 ? (struct ctl_value){ 0 } : ctl_value_text(rule_name),
		done->version == 0 ? (struct ctl_value){ 0 } : ctl_value_number(done->version),
	};

	charge->rc = ctl_out_row(&charge->out, values);
	return charge->rc == CHG_OK;
}

static enum chg_rc read_all(
	struct charge *charge, const struct chg_store *store, int64_t cdr_id, const char *heading)
{
	charge->rc = ctl_out_begin(&charge->out);
	if (charge->rc != CHG_OK)
		return charge->rc;
	enum chg_rc rc = store->books->done_scan(store->self, cdr_id, each, charge);
	if (rc != CHG_OK || charge->rc != CHG_OK)
		return rc != CHG_OK ? rc : charge->rc;
	if (charge->out.row_count > 0)
		fputs(heading, charge->out.sink);
	return ctl_out_end(&charge->out);
}

static enum chg_rc write_all(const struct chg_store *store, int64_t cdr_id, FILE *to,
	const struct ctl_writer *writer, const char *heading)
{
	struct charge charge = {
		.out = { .writer = writer,
			.sink = to,
			.column = columns,
			.column_count = COLUMN_COUNT },
	};
	enum chg_rc rc = read_all(&charge, store, cdr_id, heading);

	ctl_out_release(&charge.out);
	return rc;
}

enum chg_rc ctl_charge_text(const struct chg_store *store, int64_t cdr_id, FILE *to)
{
	return write_all(store, cdr_id, to, &ctl_writer_text, "\nCharged\n");
}

enum chg_rc ctl_charge_json(const struct chg_store *store, int64_t cdr_id, FILE *to)
{
	return write_all(store, cdr_id, to, &ctl_writer_json, "");
}
