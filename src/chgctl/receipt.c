/* SPDX-License-Identifier: BSD-3-Clause
 * A record's charge, read from the store and worked out again.
 */
#include "chgctl/receipt.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/tariff_read.h"

enum {
	TRIES_MAX = 8, /* while a node writes to the record */
};

/* ---- Reading ---- */

/* One row more, of zeros; `rows` is the address of the pointer to them.  NULL on no memory. */
static void *grow(void *rows, size_t *len, size_t size)
{
	void *old;

	memcpy(&old, rows, sizeof old);
	/* Twice the room whenever the length reaches a power of two. */
	if ((*len & (*len - 1)) == 0) {
		old = reallocarray(old, *len == 0 ? 1 : *len * 2, size);
		if (old == NULL)
			return NULL;
		memcpy(rows, &old, sizeof old);
	}
	void *row = (char *)old + *len * size;
	memset(row, 0, size);
	++*len;
	return row;
}

struct reading {
	struct ctl_receipt *receipt;
	bool is_found;
	int64_t last_posting_id;
	size_t count;
	enum chg_rc rc;
};

static void copy_text(char *to, size_t size, struct chg_view text)
{
	size_t len = text.len < size ? text.len : size - 1;

	if (len > 0)
		memcpy(to, text.ptr, len);
	to[len] = '\0';
}

/* B-153: the client's time, unless it was too far from ours. */
static chg_instant priced_at(uint32_t marks, chg_opt_instant event_time, chg_instant received_at)
{
	return event_time.is_present && (marks & CHG_MARK_SKEWED) == 0 ? event_time.value
								       : received_at;
}

static bool head_each(void *to, const struct chg_cdr *cdr)
{
	struct reading *reading = to;
	struct ctl_receipt *receipt = reading->receipt;

	reading->is_found = true;
	receipt->cdr_id = cdr->state.cdr_id;
	receipt->kind = cdr->state.kind;
	receipt->entry_count = cdr->state.entry_count;
	receipt->last_at = cdr->received_last_at;
	receipt->is_open = cdr->state.status == CHG_CDR_OPEN;
	receipt->is_online = chg_view_equal(cdr->source, CHG_VIEW("CH-2"));
	receipt->has_charge = cdr->has_charge;
	receipt->cost = cdr->cost;
	receipt->currency = cdr->currency;
	copy_text(receipt->account, sizeof receipt->account, cdr->account);
	if (cdr->state.kind != CHG_CDR_EVENT)
		return false;
	struct ctl_receipt_entry *entry = grow(&receipt->entry, &receipt->entry_len, sizeof *entry);
	if (entry == NULL) {
		reading->rc = CHG_E_NO_MEMORY;
		return false;
	}
	entry->type = CHG_RECORD_EVENT;
	entry->received_at = cdr->received_first_at;
	entry->priced_at = priced_at(cdr->state.marks,
		(chg_opt_instant){ true, cdr->state.started_at }, cdr->received_first_at);
	return false;
}

static bool entry_each(void *to, const struct chg_cdr_entry *from)
{
	struct reading *reading = to;
	struct ctl_receipt *receipt = reading->receipt;
	struct ctl_receipt_entry *entry = grow(&receipt->entry, &receipt->entry_len, sizeof *entry);

	if (entry == NULL) {
		reading->rc = CHG_E_NO_MEMORY;
		return false;
	}
	entry->entry_no = from->entry_no;
	entry->type = from->type;
	entry->received_at = from->received_at;
	entry->priced_at = priced_at(from->marks, from->event_time, from->received_at);
	return true;
}

static bool item_each(
	void *to, uint32_t entry_no, const struct chg_service_done *done, struct chg_view rule_name)
{
	struct reading *reading = to;
	struct ctl_receipt *receipt = reading->receipt;
	struct ctl_receipt_item *item = grow(&receipt->item, &receipt->item_len, sizeof *item);

	(void)rule_name;
	if (item == NULL) {
		reading->rc = CHG_E_NO_MEMORY;
		return false;
	}
	item->entry_no = entry_no;
	item->done = *done;
	return true;
}

static bool line_each(void *to, const struct chg_ledger_line *from)
{
	struct reading *reading = to;
	struct ctl_receipt *receipt = reading->receipt;
	struct ctl_receipt_line *line = grow(&receipt->line, &receipt->line_len, sizeof *line);

	if (line == NULL) {
		reading->rc = CHG_E_NO_MEMORY;
		return false;
	}
	reading->count++;
	reading->last_posting_id = from->posting_id;
	line->posting_id = from->posting_id;
	line->at = from->at;
	line->kind = from->kind;
	line->unit = from->unit;
	line->amount = from->amount;
	line->balance_after = from->balance_after;
	copy_text(line->bucket, sizeof line->bucket, from->bucket);
	return true;
}

static enum chg_rc read_head(struct ctl_source *source, int64_t cdr_id, struct reading *reading)
{
	const struct chg_cdr_filter filter = { .cdr_id = cdr_id, .limit = 1 };
	enum chg_rc rc =
		source->store.ops->scan_cdrs(source->store.self, &filter, head_each, reading);

	if (rc == CHG_OK)
		rc = reading->rc;
	return rc == CHG_OK && !reading->is_found ? CHG_E_UNKNOWN : rc;
}

/*
 * The ledger never leaves the database.  It finds the lines of a record by the record, which may be in
 * an archive; then by the account that paid, whose lines name the record too.
 */
static enum chg_rc read_lines(struct ctl_source *source, struct reading *reading)
{
	const struct chg_store *database = &source->database;
	bool has_archives = ctl_source_reads_archives(source);
	struct chg_ledger_filter filter = {
		.cdr_id = reading->receipt->cdr_id,
		.limit = CTL_PAGE_RECORDS,
	};
	enum chg_rc rc = CHG_OK;

	if (has_archives && reading->receipt->has_charge)
		filter.account = chg_view_of(reading->receipt->account);
	do {
		reading->count = 0;
		filter.after_posting_id = reading->last_posting_id;
		rc = database->books->ledger_scan(database->self, &filter, line_each, reading);
		rc = rc == CHG_OK ? reading->rc : rc;
	} while (rc == CHG_OK && reading->count > 0);
	/* Its account is gone, which never happens: that is not the record's being unknown. */
	return rc == CHG_E_UNKNOWN ? CHG_E_STORE_CORRUPT : rc;
}

static enum chg_rc read_once(struct ctl_source *source, int64_t cdr_id, struct ctl_receipt *ret)
{
	const struct chg_store *store = &source->store;
	struct reading reading = { .receipt = ret };
	enum chg_rc rc = read_head(source, cdr_id, &reading);

	if (rc == CHG_OK)
		rc = store->ops->scan_entries(store->self, cdr_id, entry_each, &reading);
	if (rc == CHG_OK && reading.rc == CHG_OK)
		rc = store->books->done_scan(store->self, cdr_id, item_each, &reading);
	if (rc == CHG_OK && reading.rc == CHG_OK)
		rc = read_lines(source, &reading);
	return rc != CHG_OK ? rc : reading.rc;
}

/* Whether the record is still as it was when reading began. */
static enum chg_rc is_still(struct ctl_source *source, const struct ctl_receipt *receipt, bool *ret)
{
	struct ctl_receipt now = { 0 };
	struct reading reading = { .receipt = &now };
	enum chg_rc rc = read_head(source, receipt->cdr_id, &reading);

	*ret = now.entry_count == receipt->entry_count && now.last_at.us == receipt->last_at.us &&
	       now.cost.micros == receipt->cost.micros;
	ctl_receipt_release(&now);
	return rc;
}

enum chg_rc ctl_receipt_read(struct ctl_source *source, int64_t cdr_id, struct ctl_receipt *ret)
{
	bool is_done = false;
	enum chg_rc rc = CHG_OK;

	*ret = (struct ctl_receipt){ 0 };
	for (int i = 0; i < TRIES_MAX && rc == CHG_OK && !is_done; i++) {
		ctl_receipt_release(ret);
		rc = read_once(source, cdr_id, ret);
		if (rc == CHG_OK)
			rc = is_still(source, ret, &is_done);
	}
	return rc;
}

void ctl_receipt_release(struct ctl_receipt *receipt)
{
	free(receipt->entry);
	free(receipt->line);
	free(receipt->item);
	free(receipt->tariff);
	*receipt = (struct ctl_receipt){ 0 };
}

/* ---- The tariff of a version ---- */

struct wanted {
	struct ctl_receipt *receipt;
	int64_t version;
	struct chg_tariff_errors *errors;
};

static bool tariff_each(void *to, const struct chg_tariff_line *line)
{
	struct wanted *wanted = to;
	struct chg_tariff *tariff = wanted->receipt->tariff;

	if (line->version != wanted->version)
		return true;
	if (chg_tariff_read_text("tariff", line->text, tariff, wanted->errors) == CHG_OK) {
		tariff->version = line->version;
		tariff->in_force_from = line->in_force_from;
	}
	return false;
}

enum chg_rc ctl_receipt_tariff(struct ctl_source *source, struct ctl_receipt *receipt,
	int64_t version, const struct chg_tariff **ret)
{
	struct wanted wanted = { .receipt = receipt, .version = version };
	enum chg_rc rc = CHG_OK;

	if (receipt->tariff == NULL)
		receipt->tariff = calloc(1, sizeof *receipt->tariff);
	if (receipt->tariff == NULL)
		return CHG_E_NO_MEMORY;
	if (receipt->tariff->version != version) {
		memset(receipt->tariff, 0, sizeof *receipt->tariff);
		wanted.errors = calloc(1, sizeof *wanted.errors);
		rc = wanted.errors == NULL ? CHG_E_NO_MEMORY
					   : source->database.books->tariff_scan(
						     source->database.self, tariff_each, &wanted);
		free(wanted.errors);
	}
	*ret = version != 0 && receipt->tariff->version == version ? receipt->tariff : NULL;
	return rc;
}

const struct chg_tariff_rule *ctl_receipt_rule(
	const struct chg_tariff *tariff, const struct ctl_receipt_item *item)
{
	uint32_t rule = item->done.rule;

	return tariff != NULL && rule > 0 && rule <= tariff->rule_count ? &tariff->rule[rule - 1]
									: NULL;
}

/* ---- Which lines belong to which request ---- */

static size_t posting_end(const struct ctl_receipt *receipt, size_t begin)
{
	size_t end = begin;

	while (end < receipt->line_len &&
		receipt->line[end].posting_id == receipt->line[begin].posting_id)
		end++;
	return end;
}

static bool add_to(chg_money *sum, int64_t micros)
{
	return chg_money_add(*sum, (chg_money){ micros }, sum) == CHG_OK;
}

/* What a posting took out of buckets of money. */
static chg_money debited_by(const struct ctl_receipt *receipt, size_t begin, size_t end)
{
	chg_money sum = CHG_NO_MONEY;

	for (size_t i = begin; i < end; i++) {
		if (receipt->line[i].unit == CHG_BUCKET_MONEY)
			(void)chg_money_subtract(sum, (chg_money){ receipt->line[i].amount }, &sum);
	}
	return sum;
}

static chg_money cost_of(const struct ctl_receipt *receipt, uint32_t entry_no, bool *ret_moves)
{
	chg_money sum = CHG_NO_MONEY;

	*ret_moves = false;
	for (size_t i = 0; i < receipt->item_len; i++) {
		const struct ctl_receipt_item *item = &receipt->item[i];
		if (item->entry_no != entry_no)
			continue;
		(void)add_to(&sum, item->done.cost.micros);
		*ret_moves |=
			item->done.cost.micros != 0 || item->done.used.value > 0 || entry_no == 0;
	}
	return sum;
}

/*
 * The ledger does not name the request, but both come in the order of arrival and bear its time; a
 * request that moved nothing has no posting.
 */
static void match_lines(struct ctl_receipt *receipt)
{
	size_t at = 0;

	for (size_t i = 0; i < receipt->entry_len && at < receipt->line_len; i++) {
		const struct ctl_receipt_entry *entry = &receipt->entry[i];
		size_t end = posting_end(receipt, at);
		bool moves;
		chg_money cost = cost_of(receipt, entry->entry_no, &moves);
		bool fits = receipt->line[at].at.us == entry->received_at.us &&
			    debited_by(receipt, at, end).micros == cost.micros;
		/* An event has one request only. */
		if (!moves || (!fits && receipt->kind != CHG_CDR_EVENT))
			continue;
		for (; at < end; at++) {
			receipt->line[at].has_entry = true;
			receipt->line[at].entry_no = entry->entry_no;
		}
	}
}

/* ---- Working it out ---- */

/* A service of the record on its way through the requests. */
struct chain {
	chg_opt_u32 rating_group;
	chg_opt_u32 service_id;
	struct chg_rated rated;
};

struct chains {
	struct chain *chain;
	size_t len;
};

static bool is_same(chg_opt_u32 a, chg_opt_u32 b)
{
	return a.is_present == b.is_present && (!a.is_present || a.value == b.value);
}

static struct chain *chain_of(struct chains *chains, const struct chg_service_done *done)
{
	for (size_t i = 0; i < chains->len; i++) {
		struct chain *chain = &chains->chain[i];
		if (is_same(chain->rating_group, done->rating_group) &&
			is_same(chain->service_id, done->service_id))
			return chain;
	}
	struct chain *chain = grow(&chains->chain, &chains->len, sizeof *chain);
	if (chain != NULL) {
		chain->rating_group = done->rating_group;
		chain->service_id = done->service_id;
	}
	return chain;
}

/* An event is charged for what it asks, a session for what it reports. */
static uint64_t units_of(const struct ctl_receipt_item *item)
{
	const struct chg_service_done *done = &item->done;
	return item->entry_no == 0 ? done->granted.value : done->used.value;
}

static enum chg_bucket_kind bucket_kind_of(enum chg_unit unit)
{
	switch (unit) {
	case CHG_UNIT_SECONDS:
		return CHG_BUCKET_SECONDS;
	case CHG_UNIT_MESSAGES:
		return CHG_BUCKET_MESSAGES;
	default:
		return CHG_BUCKET_OCTETS;
	}
}

/* Units that buckets paid for a request, those of the services before this one taken off. */
static uint64_t units_left(const struct ctl_receipt *receipt, const struct ctl_receipt_item *item)
{
	enum chg_bucket_kind kind = bucket_kind_of(item->done.unit);
	uint64_t sum = 0;

	for (size_t i = 0; i < receipt->line_len; i++) {
		const struct ctl_receipt_line *line = &receipt->line[i];
		if (line->has_entry && line->entry_no == item->entry_no && line->unit == kind &&
			line->amount < 0)
			sum += (uint64_t) - (line->amount + 1) + 1;
	}
	for (const struct ctl_receipt_item *one = receipt->item; one < item; one++) {
		if (one->entry_no == item->entry_no && bucket_kind_of(one->done.unit) == kind)
			sum -= one->from_buckets < sum ? one->from_buckets : sum;
	}
	return sum;
}

/* What a request is charged by. */
struct rater {
	const struct chg_tariff *tariff;
	const struct chg_tariff_rule *rule;
	chg_instant at;
};

static bool try_units(const struct rater *rater, const struct chg_rated *before, uint64_t paid,
	struct ctl_receipt_item *item)
{
	item->before = *before;
	item->from_buckets = paid;
	return chg_rating_explain(rater->tariff, rater->rule, before, units_of(item) - paid,
		       rater->at, &item->steps, &item->after) == CHG_OK &&
	       chg_money_subtract(item->after.charged, before->charged, &item->comes_to) == CHG_OK;
}

static bool fits(const struct rater *rater, const struct chg_rated *before, uint64_t paid,
	struct ctl_receipt_item *item)
{
	return try_units(rater, before, paid, item) &&
	       item->comes_to.micros == item->done.cost.micros;
}

/*
 * How many units were paid with units: all that a bucket gave, where one service used them.  Where
 * several did, as few as make the cost what it was, which only falls as they grow.
 */
static bool find_paid(const struct rater *rater, const struct chg_rated *before, uint64_t most,
	struct ctl_receipt_item *item)
{
	uint64_t low = 0, high = most;

	if (fits(rater, before, most, item) || fits(rater, before, 0, item))
		return true;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (try_units(rater, before, middle, item) &&
			item->comes_to.micros <= item->done.cost.micros)
			high = middle;
		else
			low = middle + 1;
	}
	return fits(rater, before, low, item);
}

static void rate_units(const struct rater *rater, struct chain *chain, uint64_t left,
	struct ctl_receipt_item *item)
{
	static const struct chg_rated nothing;
	uint64_t most = left < units_of(item) ? left : units_of(item);

	item->is_rated = true;
	item->is_explained = true;
	if (!find_paid(rater, &chain->rated, most, item)) {
		/* A service that was reported as final begins anew. */
		item->is_anew = chain->rated.rule != 0 && find_paid(rater, &nothing, most, item);
		if (!item->is_anew)
			item->is_explained = try_units(rater, &chain->rated, most, item);
	}
	if (item->is_explained)
		chain->rated = item->after;
}

static enum chg_rc rate_item(struct ctl_source *source, struct ctl_receipt *receipt,
	struct chains *chains, chg_instant at, struct ctl_receipt_item *item)
{
	struct rater rater = { .at = at };
	bool has_units = item->entry_no == 0 || item->done.used.is_present;

	if (item->done.is_money || !has_units || item->done.rule == 0) {
		/* Money is taken and given back as it is. */
		item->is_explained = true;
		if (item->done.is_money)
			item->comes_to = item->done.cost.micros < 0
						 ? (chg_money){ -(int64_t)item->done.granted.value }
						 : (chg_money){ (int64_t)units_of(item) };
		return CHG_OK;
	}
	enum chg_rc rc = ctl_receipt_tariff(source, receipt, item->done.version, &rater.tariff);
	if (rc != CHG_OK)
		return rc;
	rater.rule = ctl_receipt_rule(rater.tariff, item);
	struct chain *chain = chain_of(chains, &item->done);
	if (chain == NULL)
		return CHG_E_NO_MEMORY;
	if (rater.rule != NULL)
		rate_units(&rater, chain, units_left(receipt, item), item);
	return CHG_OK;
}

static chg_instant at_of(const struct ctl_receipt *receipt, uint32_t entry_no)
{
	for (size_t i = 0; i < receipt->entry_len; i++) {
		if (receipt->entry[i].entry_no == entry_no)
			return receipt->entry[i].priced_at;
	}
	return receipt->last_at;
}

static void add_up(struct ctl_receipt *receipt)
{
	receipt->is_whole = true;
	for (size_t i = 0; i < receipt->item_len; i++) {
		const struct ctl_receipt_item *item = &receipt->item[i];
		bool is_added = add_to(&receipt->comes_to, item->comes_to.micros);
		receipt->is_whole &= is_added && item->is_explained &&
				     item->comes_to.micros == item->done.cost.micros;
	}
	for (size_t i = 0; i < receipt->line_len; i++)
		receipt->is_whole &= receipt->line[i].has_entry;
	receipt->debited = debited_by(receipt, 0, receipt->line_len);
}

enum chg_rc ctl_receipt_rate(struct ctl_source *source, struct ctl_receipt *receipt)
{
	struct chains chains = { 0 };
	enum chg_rc rc = CHG_OK;

	match_lines(receipt);
	for (size_t i = 0; i < receipt->item_len && rc == CHG_OK; i++) {
		struct ctl_receipt_item *item = &receipt->item[i];
		rc = rate_item(source, receipt, &chains, at_of(receipt, item->entry_no), item);
	}
	free(chains.chain);
	add_up(receipt);
	return rc;
}

bool ctl_receipt_adds_up(const struct ctl_receipt *receipt)
{
	return receipt->is_whole && receipt->comes_to.micros == receipt->debited.micros &&
	       receipt->debited.micros == receipt->cost.micros;
}
