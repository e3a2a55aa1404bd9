/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl tariff explain --record: why a record cost what it did.
 */
#include <inttypes.h>
#include <string.h>

#include "chgctl/explain.h"
#include "chgctl/names.h"
#include "chgctl/receipt.h"
#include "chgctl/when.h"
#include "runtime/book_change.h"
#include "runtime/tariff_value.h"

/* What one invocation explains. */
struct view {
	const struct ctl_call *call;
	struct ctl_source source;
	struct ctl_receipt receipt;
	bool is_local;
	const char *currency;
};

/* An item with what it was charged by; both NULL when that cannot be read any more. */
struct priced {
	const struct ctl_receipt_item *item;
	const struct chg_tariff *tariff;
	const struct chg_tariff_rule *rule;
	chg_instant at;
};

struct when {
	char text[CTL_WHEN_MAX];
};

static struct when when_of(const struct view *view, chg_instant at)
{
	struct when when;
	ctl_when_write(at, view->is_local, false, when.text);
	return when;
}

static const struct ctl_receipt_entry *entry_of(const struct view *view, uint32_t entry_no)
{
	for (size_t i = 0; i < view->receipt.entry_len; i++) {
		if (view->receipt.entry[i].entry_no == entry_no)
			return &view->receipt.entry[i];
	}
	return NULL;
}

static enum chg_rc price_item(
	struct view *view, const struct ctl_receipt_item *item, struct priced *ret)
{
	const struct ctl_receipt_entry *entry = entry_of(view, item->entry_no);
	*ret = (struct priced){ .item = item };
	ret->at = entry != NULL ? entry->priced_at : view->receipt.last_at;
	if (item->done.version == 0)
		return CHG_OK;
	enum chg_rc rc =
		ctl_receipt_tariff(&view->source, &view->receipt, item->done.version, &ret->tariff);
	ret->rule = ctl_receipt_rule(ret->tariff, item);
	return rc;
}

static chg_money earlier_of(const struct ctl_receipt_item *item)
{
	chg_money earlier = CHG_NO_MONEY;
	(void)chg_money_subtract(item->steps.settled, item->steps.setup, &earlier);
	return earlier;
}

static bool is_flat(const struct priced *priced)
{
	return priced->rule != NULL && priced->rule->kind == CHG_TARIFF_FLAT;
}

/* Zero units leave everything as it was, and there are no steps to show. */
static bool has_steps(const struct priced *priced)
{
	return is_flat(priced) && priced->item->is_rated && priced->item->steps.counted > 0;
}

static bool is_raised(const struct ctl_receipt_item *item, const struct chg_tariff_rule *rule)
{
	return chg_money_less(item->steps.sum, item->after.charged) &&
	       item->after.charged.micros == rule->minimum.micros;
}

static bool is_uneven(const struct priced *priced)
{
	const struct chg_tariff_band *band = &priced->rule->band[priced->item->steps.band];
	return (unsigned __int128)band->price.micros * priced->item->steps.counted %
		       priced->rule->per !=
	       0;
}

/* ---- In words ---- */

static struct ctl_quantity units_or_money(
	const struct view *view, const struct chg_service_done *done, uint64_t count)
{
	struct ctl_quantity text;

	if (!done->is_money)
		return ctl_quantity_of(count, done->unit);
	(void)snprintf(text.text, sizeof text.text, "%s %s",
		ctl_amount_of((chg_money){ (int64_t)count }).text, view->currency);
	return text;
}

static void show_service(const struct view *view, const struct chg_service_done *done)
{
	char name[64] = "";
	char units[256] = "";
	const struct {
		chg_opt_u64 count;
		const char *verb;
	} counts[] = {
		{ done->asked, "asked" },
		{ done->granted, done->cost.micros < 0 ? "given back" : "granted" },
		{ done->used, "used" },
	};

	if (done->rating_group.is_present)
		(void)snprintf(
			name, sizeof name, "rating group %" PRIu32 ", ", done->rating_group.value);
	if (done->service_id.is_present)
		(void)snprintf(name + strlen(name), sizeof name - strlen(name),
			"service %" PRIu32 ", ", done->service_id.value);
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		size_t len = strlen(units);
		if (counts[i].count.is_present)
			(void)snprintf(units + len, sizeof units - len, "%s%s %s",
				len == 0 ? "" : ", ",
				units_or_money(view, done, counts[i].count.value).text,
				counts[i].verb);
	}
	ctl_explain_line("service", "%s%s", name, units[0] == '\0' ? "no units named" : units);
}

static void show_result(uint32_t code)
{
	const char *name = ctl_name_result(code);
	ctl_explain_line("result", "%" PRIu32 "%s%s", code, name == NULL ? "" : " ",
		name == NULL ? "" : name);
}

static void show_rule(const struct view *view, const struct priced *priced)
{
	const struct chg_service_done *done = &priced->item->done;

	if (done->rule == 0) {
		ctl_explain_line("rule", "none");
	} else if (priced->rule == NULL) {
		ctl_explain_line("rule",
			"number %" PRIu32 " of version %" PRId64
			" of the tariff, which cannot be read any more",
			done->rule, done->version);
	} else {
		ctl_explain_line("tariff", "%s, version %" PRId64 ", in force from %s",
			priced->tariff->name, done->version,
			when_of(view, priced->tariff->in_force_from).text);
		ctl_explain_line(
			"rule", "%s (line %" PRIu32 ")", priced->rule->name, priced->rule->line);
	}
}

static void show_price(const struct view *view, const struct priced *priced)
{
	const struct chg_tariff_rule *rule = priced->rule;
	const struct chg_tariff_band *band = &rule->band[priced->item->steps.band];
	struct chg_tariff_time time = chg_tariff_time_at(priced->tariff, priced->at);

	if (rule->band_count > 1)
		ctl_explain_line("time", "%s is %s %02u:%02u in %s%s",
			when_of(view, priced->at).text, chg_tariff_day_text(time.weekday),
			time.minute / 60, time.minute % 60, priced->tariff->zone,
			time.is_holiday ? ", a holiday" : "");
	ctl_explain_line("price", "%s per %s (line %" PRIu32 ")%s", ctl_amount_of(band->price).text,
		rule->per == 1 ? chg_unit_text(rule->unit)
			       : ctl_quantity_of(rule->per, rule->unit).text,
		band->line, rule->band_count > 1 ? ", which held at that time" : "");
}

static void show_usage(const struct priced *priced)
{
	const struct ctl_receipt_item *item = priced->item;
	const struct chg_tariff_rule *rule = priced->rule;
	char per[32] = "";

	if (rule->per > 1)
		(void)snprintf(per, sizeof per, " / %" PRIu64, rule->per);
	ctl_explain_line("usage", "%s = %" PRIu64 " x %s%s%s%s",
		ctl_amount_of(item->steps.usage).text, item->steps.counted,
		ctl_amount_of(rule->band[item->steps.band].price).text, per,
		is_uneven(priced) ? ", " : "",
		is_uneven(priced) ? ctl_explain_rounding(rule->rounding) : "");
}

/* Of the service since its beginning, as it is rated. */
static void show_steps(const struct priced *priced)
{
	const struct ctl_receipt_item *item = priced->item;
	const struct chg_tariff_rule *rule = priced->rule;
	const struct chg_rating_steps *steps = &item->steps;
	bool counts_more = steps->units != item->done.used.value && item->entry_no != 0 &&
			   item->from_buckets == 0;

	if (item->is_anew)
		ctl_explain_line("anew", "the service had been closed: counting began again");
	if (counts_more)
		ctl_explain_line("units", "%s in all reports at this price",
			ctl_quantity_of(steps->units, rule->unit).text);
	if (rule->increment > 1)
		ctl_explain_line("counted", "%s, in whole increments of %s",
			ctl_quantity_of(steps->counted, rule->unit).text,
			ctl_quantity_of(rule->increment, rule->unit).text);
	if (steps->setup.micros != 0)
		ctl_explain_line(
			"set-up", "%s, once with the first unit", ctl_amount_of(steps->setup).text);
	if (earlier_of(item).micros != 0)
		ctl_explain_line("earlier",
			"%s of this service: set-up fee, other prices, other rules",
			ctl_amount_of(earlier_of(item)).text);
	show_usage(priced);
	if (is_raised(item, rule))
		ctl_explain_line("minimum", "%s, more than %s: it counts",
			ctl_amount_of(rule->minimum).text, ctl_amount_of(steps->sum).text);
	if (item->before.charged.micros != 0)
		ctl_explain_line("paid", "%s of %s by earlier reports",
			ctl_amount_of(item->before.charged).text,
			ctl_amount_of(item->after.charged).text);
}

static const char *why_free(const struct priced *priced)
{
	const struct chg_service_done *done = &priced->item->done;

	if (done->rule != 0 && priced->rule != NULL &&
		priced->rule->kind == CHG_TARIFF_UNCONTROLLED)
		return ": this rule is not charged";
	if (priced->rule != NULL && priced->rule->kind == CHG_TARIFF_FREE)
		return ": this rule is free";
	if (priced->item->from_buckets > 0)
		return ": units paid for all of it";
	if (done->granted.is_present && !done->used.is_present)
		return ": a grant only reserves";
	if (done->granted.is_present && done->used.value == 0 && priced->item->entry_no != 0)
		return ": nothing was used yet, a grant only reserves";
	if (done->cost.micros == 0 && done->used.value > 0 && has_steps(priced))
		return ": what was paid already covers it";
	return "";
}

static void show_charge(const struct view *view, const struct priced *priced)
{
	const struct ctl_receipt_item *item = priced->item;

	if (item->from_buckets > 0)
		ctl_explain_line("units", "%s paid with units, %s left to be rated",
			ctl_quantity_of(item->from_buckets, item->done.unit).text,
			ctl_quantity_of((item->entry_no == 0 ? item->done.granted.value
							     : item->done.used.value) -
						item->from_buckets,
				item->done.unit)
				.text);
	if (has_steps(priced))
		show_steps(priced);
	if (item->done.is_money && item->done.cost.micros != 0)
		ctl_explain_line("money", "%s",
			item->done.cost.micros < 0 ? "given back as it is, not rated"
						   : "charged as the client said, not rated");
	ctl_explain_line("charged", "%s %s%s", ctl_amount_of(item->done.cost).text, view->currency,
		item->done.cost.micros == 0 ? why_free(priced) : "");
	if (!item->is_explained)
		ctl_explain_line("WRONG", "this charge cannot be worked out again");
	else if (item->comes_to.micros != item->done.cost.micros)
		ctl_explain_line("WRONG", "the steps come to %s %s",
			ctl_amount_of(item->comes_to).text, view->currency);
}

static struct ctl_quantity held(enum chg_bucket_kind unit, int64_t amount)
{
	struct ctl_quantity text;

	if (unit == CHG_BUCKET_MONEY)
		(void)snprintf(text.text, sizeof text.text, "%s",
			ctl_amount_of((chg_money){ amount }).text);
	else
		(void)snprintf(text.text, sizeof text.text, "%" PRId64 " %s", amount,
			chg_book_kind_text(unit));
	return text;
}

static void show_line(const struct ctl_receipt_line *line)
{
	ctl_explain_line("bucket", "%s: %s%s, then it held %s (posting %" PRId64 ", %s)",
		line->bucket, line->amount > 0 ? "+" : "", held(line->unit, line->amount).text,
		held(line->unit, line->balance_after).text, line->posting_id,
		chg_book_posting_text(line->kind));
}

static void show_lines(const struct view *view, bool has_entry, uint32_t entry_no)
{
	for (size_t i = 0; i < view->receipt.line_len; i++) {
		const struct ctl_receipt_line *line = &view->receipt.line[i];
		if (line->has_entry == has_entry && (!has_entry || line->entry_no == entry_no))
			show_line(line);
	}
}

static void show_entry(const struct view *view, uint32_t entry_no)
{
	const struct ctl_receipt_entry *entry = entry_of(view, entry_no);

	putchar('\n');
	if (entry == NULL)
		ctl_explain_line("request", "%" PRIu32, entry_no);
	else if (entry_no == 0)
		ctl_explain_line("event", "%s", when_of(view, entry->priced_at).text);
	else
		ctl_explain_line("request", "%" PRIu32 ", %s at %s", entry_no,
			chg_record_type_text(entry->type), when_of(view, entry->priced_at).text);
}

static enum chg_rc show_items(struct view *view)
{
	const struct ctl_receipt *receipt = &view->receipt;

	for (size_t i = 0; i < receipt->item_len; i++) {
		const struct ctl_receipt_item *item = &receipt->item[i];
		struct priced priced;
		bool is_first = i == 0 || item[-1].entry_no != item->entry_no;
		bool is_last = i + 1 == receipt->item_len || item[1].entry_no != item->entry_no;
		enum chg_rc rc = price_item(view, item, &priced);
		if (rc != CHG_OK)
			return rc;
		if (is_first)
			show_entry(view, item->entry_no);
		show_service(view, &item->done);
		show_result(item->done.result_code);
		show_rule(view, &priced);
		if (is_flat(&priced) && item->is_rated)
			show_price(view, &priced);
		show_charge(view, &priced);
		if (is_last)
			show_lines(view, true, item->entry_no);
	}
	return CHG_OK;
}

static bool has_lost_lines(const struct ctl_receipt *receipt)
{
	for (size_t i = 0; i < receipt->line_len; i++) {
		if (!receipt->line[i].has_entry)
			return true;
	}
	return false;
}

static void show_total(const struct view *view)
{
	const struct ctl_receipt *receipt = &view->receipt;

	putchar('\n');
	if (has_lost_lines(receipt))
		ctl_explain_line("WRONG", "no request accounts for these lines of the ledger:");
	show_lines(view, false, 0);
	ctl_explain_line("total", "%s %s%s", ctl_amount_of(receipt->cost).text, view->currency,
		receipt->is_open ? " so far: the record is open" : "");
	if (ctl_receipt_adds_up(receipt)) {
		ctl_explain_line("ledger", "%s %s: the steps add up to it",
			ctl_amount_of(receipt->debited).text, view->currency);
		return;
	}
	ctl_explain_line("ledger", "%s %s", ctl_amount_of(receipt->debited).text, view->currency);
	ctl_explain_line("steps", "%s %s", ctl_amount_of(receipt->comes_to).text, view->currency);
	ctl_explain_line("WRONG", "steps, ledger and record do not agree; `chgctl verify` checks "
				  "the books");
}

static enum chg_rc show(struct view *view)
{
	const struct ctl_receipt *receipt = &view->receipt;

	ctl_explain_line("record", "%" PRId64 ", %s, charged to %s", receipt->cdr_id,
		ctl_name_kind(receipt->kind), receipt->account);
	enum chg_rc rc = show_items(view);
	if (rc == CHG_OK)
		show_total(view);
	return rc;
}

/* ---- As data ---- */

static json_t *json_u32(chg_opt_u32 opt)
{
	return opt.is_present ? json_integer(opt.value) : json_null();
}

static json_t *json_units(const struct chg_service_done *done, chg_opt_u64 opt)
{
	if (!opt.is_present)
		return json_null();
	return done->is_money ? ctl_explain_json_amount((chg_money){ (int64_t)opt.value })
			      : ctl_explain_json_count(opt.value);
}

static json_t *json_tariff(const struct view *view, const struct priced *priced)
{
	const struct chg_tariff_rule *rule = priced->rule;

	if (rule == NULL)
		return json_null();
	return json_pack("{s:o, s:I, s:s, s:o, s:i}", "name",
		ctl_explain_json_text(priced->tariff->name), "version",
		(json_int_t)priced->item->done.version, "in_force_from",
		when_of(view, priced->tariff->in_force_from).text, "rule",
		ctl_explain_json_text(rule->name), "line", (int)rule->line);
}

static json_t *json_steps(const struct priced *priced)
{
	const struct ctl_receipt_item *item = priced->item;
	const struct chg_rating_steps *steps = &item->steps;

	if (!has_steps(priced))
		return json_null();
	const struct chg_tariff_band *band = &priced->rule->band[steps->band];
	return json_pack("{s:{s:o, s:o, s:s, s:i}, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:o, "
			 "s:b, s:o, s:o}",
		"price", "amount", ctl_explain_json_amount(band->price), "per",
		ctl_explain_json_count(priced->rule->per), "unit",
		chg_unit_text(priced->rule->unit), "line", (int)band->line, "anew", item->is_anew,
		"units", ctl_explain_json_count(steps->units), "increment",
		ctl_explain_json_count(priced->rule->increment), "counted",
		ctl_explain_json_count(steps->counted), "setup",
		ctl_explain_json_amount(steps->setup), "earlier",
		ctl_explain_json_amount(earlier_of(item)), "usage",
		ctl_explain_json_amount(steps->usage), "rounded",
		is_uneven(priced) ? ctl_explain_rounding(priced->rule->rounding) : NULL, "minimum",
		ctl_explain_json_amount(priced->rule->minimum), "minimum_counts",
		is_raised(item, priced->rule), "paid_before",
		ctl_explain_json_amount(item->before.charged), "so_far",
		ctl_explain_json_amount(item->after.charged));
}

static json_t *json_item(const struct view *view, const struct priced *priced)
{
	const struct ctl_receipt_item *item = priced->item;
	const struct chg_service_done *done = &item->done;

	return json_pack("{s:i, s:o, s:o, s:s, s:o, s:o, s:o, s:i, s:s?, s:s, s:o, s:o, s:o, s:o, "
			 "s:o}",
		"entry_no", (int)item->entry_no, "rating_group", json_u32(done->rating_group),
		"service_id", json_u32(done->service_id), "unit",
		done->is_money ? "money" : chg_unit_text(done->unit), "asked",
		json_units(done, done->asked), "granted", json_units(done, done->granted), "used",
		json_units(done, done->used), "result_code", (int)done->result_code, "result",
		ctl_name_result(done->result_code), "at", when_of(view, priced->at).text, "tariff",
		json_tariff(view, priced), "paid_with_units",
		ctl_explain_json_count(item->from_buckets), "steps", json_steps(priced), "charged",
		ctl_explain_json_amount(done->cost), "comes_to",
		item->is_explained ? ctl_explain_json_amount(item->comes_to) : json_null());
}

static json_t *json_held(enum chg_bucket_kind unit, int64_t amount)
{
	return unit == CHG_BUCKET_MONEY ? ctl_explain_json_amount((chg_money){ amount })
					: json_integer(amount);
}

static json_t *json_line(const struct ctl_receipt_line *line)
{
	return json_pack("{s:I, s:s, s:o, s:o, s:s, s:o, s:o}", "posting",
		(json_int_t)line->posting_id, "kind", chg_book_posting_text(line->kind), "entry_no",
		line->has_entry ? json_integer(line->entry_no) : json_null(), "bucket",
		ctl_explain_json_text(line->bucket), "unit", chg_book_kind_text(line->unit),
		"amount", json_held(line->unit, line->amount), "balance_after",
		json_held(line->unit, line->balance_after));
}

static enum chg_rc json_items(struct view *view, json_t *services)
{
	enum chg_rc rc = CHG_OK;

	for (size_t i = 0; i < view->receipt.item_len && rc == CHG_OK; i++) {
		struct priced priced;
		rc = price_item(view, &view->receipt.item[i], &priced);
		if (rc == CHG_OK && json_array_append_new(services, json_item(view, &priced)) != 0)
			rc = CHG_E_NO_MEMORY;
	}
	return rc;
}

static enum chg_rc show_json(struct view *view)
{
	const struct ctl_receipt *receipt = &view->receipt;
	json_t *services = json_array();
	json_t *lines = json_array();
	enum chg_rc rc = json_items(view, services);

	for (size_t i = 0; i < receipt->line_len && rc == CHG_OK; i++) {
		if (json_array_append_new(lines, json_line(&receipt->line[i])) != 0)
			rc = CHG_E_NO_MEMORY;
	}
	if (rc != CHG_OK) {
		json_decref(services);
		json_decref(lines);
		return rc;
	}
	(void)ctl_explain_write(json_pack("{s:I, s:s, s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:b}",
		"record", (json_int_t)receipt->cdr_id, "kind", ctl_name_kind(receipt->kind),
		"account", ctl_explain_json_text(receipt->account), "currency", view->currency,
		"open", receipt->is_open, "services", services, "ledger_lines", lines, "total",
		ctl_explain_json_amount(receipt->cost), "ledger",
		ctl_explain_json_amount(receipt->debited), "steps",
		ctl_explain_json_amount(receipt->comes_to), "adds_up",
		ctl_receipt_adds_up(receipt)));
	return CHG_OK;
}

/* ---- The command ---- */

/* It may have moved, and then it was charged all the same. */
static enum ctl_exit not_found(struct view *view, uint64_t id)
{
	struct ctl_archived archived;
	enum chg_rc rc = ctl_source_archived(&view->source, &archived);

	if (rc != CHG_OK)
		return ctl_source_failed(&view->source, rc);
	if (archived.records > 0 && !ctl_source_reads_archives(&view->source))
		ctl_say("record %" PRIu64 " is not in %s; %" PRIu64
			" more are in archives, and --archive looks there too",
			id, view->source.path, archived.records);
	else
		ctl_say("there is no record %" PRIu64
			"; `chgctl cdr list --newest --limit 5` shows the latest",
			id);
	return CTL_EXIT_PROBLEM;
}

static enum ctl_exit explain(struct view *view, uint64_t id)
{
	struct ctl_receipt *receipt = &view->receipt;
	enum chg_rc rc = ctl_receipt_read(&view->source, (int64_t)id, receipt);

	if (rc == CHG_E_UNKNOWN)
		return not_found(view, id);
	if (rc == CHG_OK && !receipt->is_online) {
		ctl_say("record %" PRIu64 " was not charged: offline", id);
		return CTL_EXIT_PROBLEM;
	}
	if (rc == CHG_OK && !receipt->has_charge && receipt->item_len == 0) {
		ctl_say("record %" PRIu64 " was not charged: no account", id);
		return CTL_EXIT_PROBLEM;
	}
	if (rc == CHG_OK)
		rc = ctl_receipt_rate(&view->source, receipt);
	view->currency = chg_currency_code(receipt->currency);
	if (rc == CHG_OK)
		rc = ctl_args_has(&view->call->args, CTL_OPT_JSON) ? show_json(view) : show(view);
	if (rc != CHG_OK)
		return ctl_source_failed(&view->source, rc);
	return ctl_receipt_adds_up(receipt) ? CTL_EXIT_OK : CTL_EXIT_PROBLEM;
}

/* What only a request that is thought of has. */
static bool has_foreign(const struct ctl_call *call)
{
	static const enum ctl_option foreign[] = { CTL_OPT_CONTEXT, CTL_OPT_TYPE, CTL_OPT_TO,
		CTL_OPT_PLAN, CTL_OPT_RATING_GROUP, CTL_OPT_SERVICE_IDENTIFIER, CTL_OPT_UNITS,
		CTL_OPT_USED_BEFORE, CTL_OPT_AT };

	if (call->operand_count > 0) {
		ctl_say("a FILE and --record exclude each other: a record was charged by the "
			"tariff that the node had");
		return true;
	}
	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
		if (ctl_args_has(&call->args, foreign[i])) {
			ctl_say("--%s and --record exclude each other: the record says what was "
				"asked",
				ctl_option_rows[foreign[i]].name);
			return true;
		}
	}
	return false;
}

enum ctl_exit ctl_explain_record(const struct ctl_call *call)
{
	struct view view = { .call = call, .is_local = ctl_args_has(&call->args, CTL_OPT_LOCAL) };
	const char *record = call->args.value[CTL_OPT_RECORD];
	uint64_t id = 0;

	if (has_foreign(call))
		return CTL_EXIT_USAGE;
	if (!ctl_text_number(record, INT64_MAX, &id) || id == 0) {
		ctl_say("--record \"%.60s\" is no id of a record; `chgctl cdr list` shows them",
			record);
		return CTL_EXIT_USAGE;
	}
	enum ctl_exit exit = ctl_source_open(&call->args, &view.source);
	if (exit != CTL_EXIT_OK)
		return exit;
	exit = ctl_source_verdict(&view.source, explain(&view, id));
	ctl_receipt_release(&view.receipt);
	ctl_source_close(&view.source);
	return exit;
}
