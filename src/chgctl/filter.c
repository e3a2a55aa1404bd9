/* SPDX-License-Identifier: BSD-3-Clause
 * Options of a search: read, described, repeated.
 */
#include "chgctl/filter.h"

#include <inttypes.h>
#include <string.h>

#include "chgctl/names.h"
#include "chgctl/when.h"

static bool read_time(const struct ctl_args *args, enum ctl_option option, chg_instant now,
	chg_opt_instant *ret, char reterr_message[CTL_MESSAGE_MAX])
{
	const char *text = args->value[option];

	if (text == NULL)
		return true;
	enum chg_rc rc = ctl_when_read(text, now, ctl_args_has(args, CTL_OPT_LOCAL), &ret->value);
	if (rc != CHG_OK) {
		snprintf(reterr_message, CTL_MESSAGE_MAX,
			"--%s \"%.60s\" is no %s; a time is like 2026-11-20, 2026-11-20T08:15, "
			"today or -2h",
			ctl_option_rows[option].name, text,
			rc == CHG_E_RANGE ? "date of the calendar" : "time");
		return false;
	}
	ret->is_present = true;
	return true;
}

static bool read_number(const struct ctl_args *args, enum ctl_option option, uint64_t max,
	uint64_t *ret, char reterr_message[CTL_MESSAGE_MAX])
{
	const char *text = args->value[option];

	if (text == NULL || ctl_text_number(text, max, ret))
		return true;
	snprintf(reterr_message, CTL_MESSAGE_MAX,
		"--%s \"%.60s\" is no whole number from 0 to %" PRIu64,
		ctl_option_rows[option].name, text, max);
	return false;
}

static bool read_party(
	const char *text, struct ctl_filter *filter, char reterr_message[CTL_MESSAGE_MAX])
{
	if (text == NULL)
		return true;
	if (chg_party_normalise(chg_view_of(text), &filter->party) != CHG_OK) {
		snprintf(reterr_message, CTL_MESSAGE_MAX,
			"--party must have 1 to %d characters, as in tel:+4930123 or "
			"alice@example.net",
			CHG_PARTY_TEXT_MAX);
		return false;
	}
	filter->cdr.party =
		(struct chg_view){ .ptr = filter->party.bytes, .len = filter->party.len };
	return true;
}

static bool read_words(const struct ctl_args *args, struct chg_cdr_filter *filter,
	char reterr_message[CTL_MESSAGE_MAX])
{
	const char *const *value = args->value;

	if (value[CTL_OPT_TYPE] != NULL) {
		if (!ctl_name_read_service(value[CTL_OPT_TYPE],
			    &filter->application_service_type.value, reterr_message))
			return false;
		filter->application_service_type.is_present = true;
	}
	if (value[CTL_OPT_KIND] != NULL &&
		!ctl_name_read_kind(value[CTL_OPT_KIND], &filter->kind, reterr_message))
		return false;
	if (value[CTL_OPT_STATE] != NULL &&
		!ctl_name_read_status(value[CTL_OPT_STATE], &filter->status, reterr_message))
		return false;
	return value[CTL_OPT_MARKS] == NULL ||
	       ctl_name_read_marks(value[CTL_OPT_MARKS], &filter->marks, reterr_message);
}

static bool read_numbers(const struct ctl_args *args, struct chg_cdr_filter *filter,
	char reterr_message[CTL_MESSAGE_MAX])
{
	uint64_t app_session = 0, limit = 0, after = 0;

	if (!read_number(args, CTL_OPT_APP_SESSION, UINT32_MAX, &app_session, reterr_message) ||
		!read_number(args, CTL_OPT_LIMIT, UINT32_MAX, &limit, reterr_message) ||
		!read_number(args, CTL_OPT_AFTER, INT64_MAX, &after, reterr_message))
		return false;
	filter->application_session_id = (chg_opt_u32){
		.is_present = ctl_args_has(args, CTL_OPT_APP_SESSION),
		.value = (uint32_t)app_session,
	};
	filter->limit = (size_t)limit;
	filter->after_cdr_id = (int64_t)after;
	return true;
}

/* An absent option and an empty one differ: `--icid ''` would find everything by mistake. */
static bool read_texts(const struct ctl_args *args, struct chg_cdr_filter *filter,
	char reterr_message[CTL_MESSAGE_MAX])
{
	const struct {
		enum ctl_option option;
		struct chg_view *to;
	} texts[] = {
		{ CTL_OPT_SESSION, &filter->session_id },
		{ CTL_OPT_ICID, &filter->icid },
		{ CTL_OPT_ORIGIN_HOST, &filter->origin_host },
		{ CTL_OPT_SERVICE, &filter->service_context_id },
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const char *text = args->value[texts[i].option];
		if (text != NULL && text[0] == '\0') {
			snprintf(reterr_message, CTL_MESSAGE_MAX, "--%s is empty",
				ctl_option_rows[texts[i].option].name);
			return false;
		}
		*texts[i].to = chg_view_of(text);
	}
	return true;
}

bool ctl_filter_read(const struct ctl_args *args, chg_instant now, struct ctl_filter *ret,
	char reterr_message[CTL_MESSAGE_MAX])
{
	*ret = (struct ctl_filter){ 0 };
	struct chg_cdr_filter *cdr = &ret->cdr;

	if (ctl_args_has(args, CTL_OPT_UTC) && ctl_args_has(args, CTL_OPT_LOCAL)) {
		snprintf(reterr_message, CTL_MESSAGE_MAX, "--utc and --local exclude each other");
		return false;
	}
	if (!read_party(args->value[CTL_OPT_PARTY], ret, reterr_message) ||
		!read_time(args, CTL_OPT_FROM, now, &cdr->from, reterr_message) ||
		!read_time(args, CTL_OPT_UNTIL, now, &cdr->until, reterr_message) ||
		!read_texts(args, cdr, reterr_message) || !read_words(args, cdr, reterr_message) ||
		!read_numbers(args, cdr, reterr_message))
		return false;
	cdr->newest_first = ctl_args_has(args, CTL_OPT_NEWEST);
	if (cdr->from.is_present && cdr->until.is_present &&
		!chg_instant_before(cdr->from.value, cdr->until.value)) {
		snprintf(reterr_message, CTL_MESSAGE_MAX,
			"--from is not before --until, so there is nothing between them");
		return false;
	}
	return true;
}

static void drop_party(struct chg_cdr_filter *filter)
{
	filter->party = (struct chg_view){ 0 };
}

static void drop_from(struct chg_cdr_filter *filter)
{
	filter->from.is_present = false;
}

static void drop_until(struct chg_cdr_filter *filter)
{
	filter->until.is_present = false;
}

static void drop_service(struct chg_cdr_filter *filter)
{
	filter->service_context_id = (struct chg_view){ 0 };
}

static void drop_type(struct chg_cdr_filter *filter)
{
	filter->application_service_type.is_present = false;
}

static void drop_session(struct chg_cdr_filter *filter)
{
	filter->session_id = (struct chg_view){ 0 };
}

static void drop_icid(struct chg_cdr_filter *filter)
{
	filter->icid = (struct chg_view){ 0 };
}

static void drop_app_session(struct chg_cdr_filter *filter)
{
	filter->application_session_id.is_present = false;
}

static void drop_origin_host(struct chg_cdr_filter *filter)
{
	filter->origin_host = (struct chg_view){ 0 };
}

static void drop_state(struct chg_cdr_filter *filter)
{
	filter->status = 0;
}

static void drop_kind(struct chg_cdr_filter *filter)
{
	filter->kind = 0;
}

static void drop_marks(struct chg_cdr_filter *filter)
{
	filter->marks = 0;
}

static void drop_after(struct chg_cdr_filter *filter)
{
	filter->after_cdr_id = 0;
}

static const struct ctl_filter_drop drops[] = {
	{ CTL_OPT_AFTER, drop_after },
	{ CTL_OPT_MARKS, drop_marks },
	{ CTL_OPT_KIND, drop_kind },
	{ CTL_OPT_STATE, drop_state },
	{ CTL_OPT_TYPE, drop_type },
	{ CTL_OPT_SERVICE, drop_service },
	{ CTL_OPT_UNTIL, drop_until },
	{ CTL_OPT_FROM, drop_from },
	{ CTL_OPT_ORIGIN_HOST, drop_origin_host },
	{ CTL_OPT_APP_SESSION, drop_app_session },
	{ CTL_OPT_ICID, drop_icid },
	{ CTL_OPT_SESSION, drop_session },
	{ CTL_OPT_PARTY, drop_party },
};

const struct ctl_filter_drop *ctl_filter_drop_row(size_t index)
{
	return index < sizeof drops / sizeof drops[0] ? &drops[index] : NULL;
}

bool ctl_filter_is_restricting(const struct chg_cdr_filter *filter)
{
	return filter->from.is_present || filter->until.is_present ||
	       chg_view_present(filter->party) || chg_view_present(filter->session_id) ||
	       chg_view_present(filter->icid) || chg_view_present(filter->origin_host) ||
	       chg_view_present(filter->service_context_id) ||
	       filter->application_session_id.is_present ||
	       filter->application_service_type.is_present || filter->kind != 0 ||
	       filter->status != 0 || filter->marks != 0 || filter->after_cdr_id != 0;
}

/* Writes " and " between parts; ready before the first. */
struct listing {
	FILE *to;
	bool has_part;
};

static FILE *part(struct listing *listing)
{
	fputs(listing->has_part ? " and " : "", listing->to);
	listing->has_part = true;
	return listing->to;
}

static void describe_text(struct listing *listing, const char *what, struct chg_view text)
{
	if (!chg_view_present(text))
		return;
	fprintf(part(listing), "%s ", what);
	ctl_text_show(listing->to, text);
}

static void describe_time(
	struct listing *listing, const char *what, chg_opt_instant time, bool is_local)
{
	char text[CTL_WHEN_MAX];

	if (!time.is_present)
		return;
	ctl_when_write(time.value, is_local, true, text);
	fprintf(part(listing), "%s %s", what, text);
}

static void describe_codes(struct listing *listing, const struct chg_cdr_filter *filter)
{
	char marks[CHG_MARKS_TEXT_MAX];

	if (filter->application_session_id.is_present)
		fprintf(part(listing), "of Application-Session-Id %" PRIu32,
			filter->application_session_id.value);
	if (filter->application_service_type.is_present) {
		int32_t type = filter->application_service_type.value;
		const char *name = ctl_name_service(type);
		fprintf(part(listing), "of service type %" PRId32 "%s%s", type,
			name == NULL ? "" : " ", name == NULL ? "" : name);
	}
	if (filter->kind != 0)
		fprintf(part(listing), "of kind %s", ctl_name_kind(filter->kind));
	if (filter->status != 0)
		fprintf(part(listing), "in state %s", ctl_name_status(filter->status));
	if (filter->marks != 0) {
		chg_cdr_marks_write(filter->marks, marks);
		fprintf(part(listing), "marked %s", marks);
	}
	if (filter->after_cdr_id != 0)
		fprintf(part(listing), "%s id %" PRId64, filter->newest_first ? "below" : "behind",
			filter->after_cdr_id);
}

void ctl_filter_describe(const struct chg_cdr_filter *filter, bool is_local, FILE *to)
{
	struct listing listing = { .to = to };

	describe_text(&listing, "of party", filter->party);
	describe_text(&listing, "of session", filter->session_id);
	describe_text(&listing, "of ICID", filter->icid);
	describe_text(&listing, "of client", filter->origin_host);
	describe_text(&listing, "of service", filter->service_context_id);
	describe_codes(&listing, filter);
	describe_time(&listing, "started from", filter->from, is_local);
	describe_time(&listing, "started before", filter->until, is_local);
}

static void write_time(
	const char *name, chg_opt_instant time, const struct ctl_args *args, FILE *to)
{
	char text[CTL_WHEN_MAX];

	if (!time.is_present)
		return;
	ctl_when_write(time.value, ctl_args_has(args, CTL_OPT_LOCAL), true, text);
	fprintf(to, " --%s %s", name, text);
}

void ctl_filter_write_next(const struct ctl_args *args, const struct chg_cdr_filter *filter,
	int64_t after_cdr_id, FILE *to)
{
	fputs("chgctl", to);
	for (size_t i = 0; i < args->word_count; i++) {
		fputc(' ', to);
		ctl_text_shell(to, args->word[i]);
	}
	for (size_t i = 0; i < CTL_OPT_COUNT; i++) {
		const struct ctl_option_row *row = &ctl_option_rows[i];
		if (args->value[i] == NULL || i == CTL_OPT_AFTER)
			continue;
		if (i == CTL_OPT_FROM) {
			write_time(row->name, filter->from, args, to);
		} else if (i == CTL_OPT_UNTIL) {
			write_time(row->name, filter->until, args, to);
		} else {
			fprintf(to, " --%s", row->name);
			if (row->argument != NULL) {
				fputc(' ', to);
				ctl_text_shell(to, args->value[i]);
			}
		}
	}
	fprintf(to, " --after %" PRId64, after_cdr_id);
}
