/* SPDX-License-Identifier: BSD-3-Clause
 * The books read back, and their laws.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/memory/memory_private.h"

static int compare(struct chg_view a, struct chg_view b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* The keys of an account, in the order of their bytes; returns how many. */
static size_t identities_of(
	struct memory *memory, int64_t account_id, struct chg_view ret[CHG_IDENTITY_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < chg_memory_count(memory, IDENTITIES); i++) {
		const struct identity_row *row = chg_memory_row(memory, IDENTITIES, i);
		if (row->account_id != account_id)
			continue;
		size_t at = count++;
		for (; at > 0 && compare(row->key, ret[at - 1]) < 0; at--)
			ret[at] = ret[at - 1];
		ret[at] = row->key;
	}
	return count;
}

static bool tell_account(
	struct memory *memory, const struct account_row *row, chg_account_each *each, void *to)
{
	struct chg_account account;
	struct chg_view identity[CHG_IDENTITY_MAX];
	chg_memory_account_read(memory, row, &account);
	size_t count = identities_of(memory, row->account_id, identity);
	return each(to, &account, identity, count);
}

enum chg_rc chg_memory_account_find(
	void *self, struct chg_view name_or_key, chg_account_each *each, void *to)
{
	struct memory *memory = self;
	const struct account_row *row = chg_memory_account_by_name(memory, name_or_key);
	if (row == NULL)
		row = chg_memory_account_by_id(
			memory, chg_memory_account_by_key(memory, name_or_key));
	if (row == NULL)
		return CHG_E_UNKNOWN;
	(void)tell_account(memory, row, each, to);
	return CHG_OK;
}

enum chg_rc chg_memory_account_scan(
	void *self, int64_t after_account_id, size_t limit, chg_account_each *each, void *to)
{
	struct memory *memory = self;
	size_t found = 0;
	for (size_t i = 0; i < chg_memory_count(memory, ACCOUNTS); i++) {
		const struct account_row *row = chg_memory_row(memory, ACCOUNTS, i);
		if (row->account_id <= after_account_id)
			continue;
		if (!tell_account(memory, row, each, to) || ++found == limit)
			break;
	}
	return CHG_OK;
}

static bool belongs(const struct chg_ledger_filter *filter, const struct posting_row *posting,
	int64_t account_id)
{
	if (chg_view_present(filter->reference))
		return chg_view_present(posting->reference) &&
		       chg_view_equal(posting->reference, filter->reference);
	return (account_id == 0 || posting->account_id == account_id) &&
	       (filter->cdr_id == 0 || posting->cdr_id == filter->cdr_id);
}

static bool fits(const struct chg_ledger_filter *filter, const struct posting_row *posting,
	int64_t account_id)
{
	return posting->posting_id > filter->after_posting_id &&
	       belongs(filter, posting, account_id) &&
	       (!filter->from.is_present || !chg_instant_before(posting->at, filter->from.value)) &&
	       (!filter->until.is_present || chg_instant_before(posting->at, filter->until.value));
}

static void read_line(struct memory *memory, const struct posting_row *posting,
	const struct ledger_row *row, struct chg_ledger_line *ret)
{
	const struct chg_cdr *cdr = chg_memory_cdr(memory, posting->cdr_id);
	*ret = (struct chg_ledger_line){
		.posting_id = posting->posting_id,
		.line_no = row->line_no,
		.at = posting->at,
		.kind = posting->kind,
		.account = chg_memory_account_by_id(memory, posting->account_id)->name,
		.bucket = chg_view_of(chg_memory_bucket(memory, row->bucket_id)->bucket.name),
		.unit = row->unit,
		.amount = row->amount,
		.contra = row->contra,
		.balance_after = row->balance_after,
		.cdr_id = posting->cdr_id,
		.reference = posting->reference,
	};
	if (cdr != NULL)
		ret->session_id = cdr->session_id;
	if (posting->audit_id != 0) {
		const struct audit_row *audit =
			chg_memory_row(memory, AUDITS, (size_t)posting->audit_id - 1);
		ret->who = audit->who;
		ret->why = audit->why;
	}
}

enum chg_rc chg_memory_ledger_scan(
	void *self, const struct chg_ledger_filter *filter, chg_ledger_each *each, void *to)
{
	struct memory *memory = self;
	int64_t account_id = 0, last_posting_id = 0;
	size_t told = 0;
	if (chg_view_present(filter->account) && !chg_view_present(filter->reference)) {
		const struct account_row *account =
			chg_memory_account_by_name(memory, filter->account);
		if (account == NULL)
			return CHG_E_UNKNOWN;
		account_id = account->account_id;
	}
	for (size_t i = 0; i < chg_memory_count(memory, LEDGER); i++) {
		const struct ledger_row *row = chg_memory_row(memory, LEDGER, i);
		const struct posting_row *posting =
			chg_memory_row(memory, POSTINGS, (size_t)row->posting_id - 1);
		struct chg_ledger_line line;
		if (row->bucket_id == 0 || !fits(filter, posting, account_id))
			continue;
		if (filter->limit != 0 && told >= filter->limit &&
			row->posting_id != last_posting_id)
			break;
		read_line(memory, posting, row, &line);
		last_posting_id = row->posting_id;
		told++;
		if (!each(to, &line))
			break;
	}
	return CHG_OK;
}

enum chg_rc chg_memory_suspense_scan(
	void *self, bool with_posted, chg_suspense_each *each, void *to)
{
	struct memory *memory = self;
	for (size_t i = 0; i < chg_memory_count(memory, SUSPENSE); i++) {
		const struct suspense_row *row = chg_memory_row(memory, SUSPENSE, i);
		if ((with_posted || !row->line.is_posted) && !each(to, &row->line))
			break;
	}
	return CHG_OK;
}

enum chg_rc chg_memory_tariff_scan(void *self, chg_tariff_each *each, void *to)
{
	struct memory *memory = self;
	for (size_t i = 0; i < chg_memory_count(memory, TARIFFS); i++) {
		if (!each(to, chg_memory_row(memory, TARIFFS, i)))
			break;
	}
	return CHG_OK;
}

enum chg_rc chg_memory_done_scan(void *self, int64_t cdr_id, chg_done_each *each, void *to)
{
	struct memory *memory = self;
	for (size_t i = 0; i < chg_memory_count(memory, DONES); i++) {
		const struct done_row *row = chg_memory_row(memory, DONES, i);
		if (row->cdr_id == cdr_id && !each(to, row->entry_no, &row->done, row->rule_name))
			break;
	}
	return CHG_OK;
}

/* ---- The laws ---- */

/* Sums by number, which is dense for every kind of row. */
struct sums {
	int64_t *of_bucket;
	int64_t *last_of_bucket;
	int64_t *held;
	int64_t *debited; /* by record */
	int64_t *cost;    /* by record: of its services */
	int64_t *charged; /* by posting */
	int64_t *refunded;
};

struct verifier {
	struct memory *memory;
	chg_verify_each *each;
	void *to;
	bool goes_on;
	struct sums sums;
};

enum law {
#define LAW(name, sentence) LAW_##name,
#include "port/books_law.def"
#undef LAW
};

static const struct chg_view law_texts[] = {
#define LAW(name, sentence) { .ptr = (sentence), .len = sizeof(sentence) - 1 },
#include "port/books_law.def"
#undef LAW
};

static void broken(struct verifier *verifier, enum law law, const char *what, int64_t id)
{
	char row[64];
	snprintf(row, sizeof row, "%s %" PRId64, what, id);
	if (verifier->goes_on)
		verifier->goes_on = verifier->each(verifier->to, law_texts[law], chg_view_of(row));
}

static void check_zero(struct verifier *verifier)
{
	struct memory *memory = verifier->memory;
	size_t count = chg_memory_count(memory, LEDGER);
	int64_t sum[CHG_BUCKET_MESSAGES + 1] = { 0 };
	for (size_t i = 0; i < count; i++) {
		const struct ledger_row *row = chg_memory_row(memory, LEDGER, i);
		sum[row->unit] += row->amount;
		bool is_last =
			i + 1 == count ||
			((struct ledger_row *)chg_memory_row(memory, LEDGER, i + 1))->posting_id !=
				row->posting_id;
		if (!is_last)
			continue;
		for (int unit = 0; unit <= CHG_BUCKET_MESSAGES; unit++) {
			if (sum[unit] != 0)
				broken(verifier, LAW_ZERO, "posting", row->posting_id);
			sum[unit] = 0;
		}
	}
}

static void add_lines(struct verifier *verifier)
{
	struct memory *memory = verifier->memory;
	struct sums *sums = &verifier->sums;
	for (size_t i = 0; i < chg_memory_count(memory, LEDGER); i++) {
		const struct ledger_row *row = chg_memory_row(memory, LEDGER, i);
		const struct posting_row *posting =
			chg_memory_row(memory, POSTINGS, (size_t)row->posting_id - 1);
		if (row->bucket_id == 0)
			continue;
		sums->of_bucket[row->bucket_id] += row->amount;
		if (sums->of_bucket[row->bucket_id] != row->balance_after)
			broken(verifier, LAW_CHAIN, "posting", row->posting_id);
		sums->last_of_bucket[row->bucket_id] = row->balance_after;
		if (row->unit != CHG_BUCKET_MONEY)
			continue;
		sums->charged[row->posting_id] -= row->amount;
		sums->debited[posting->cdr_id] -= row->amount;
		sums->refunded[posting->refunds] += row->amount;
	}
}

static void add_services(struct verifier *verifier)
{
	struct memory *memory = verifier->memory;
	for (size_t i = 0; i < chg_memory_count(memory, DONES); i++) {
		const struct done_row *row = chg_memory_row(memory, DONES, i);
		verifier->sums.cost[row->cdr_id] += row->done.cost.micros;
	}
	for (size_t i = 0; i < chg_memory_count(memory, SERVICES); i++) {
		const struct service_row *row = chg_memory_row(memory, SERVICES, i);
		for (size_t h = 0; h < row->service.hold_count; h++)
			verifier->sums.held[row->service.hold[h].bucket_id] +=
				row->service.hold[h].amount;
	}
}

static void check_buckets(struct verifier *verifier)
{
	struct memory *memory = verifier->memory;
	const struct sums *sums = &verifier->sums;
	for (size_t i = 0; i < chg_memory_count(memory, BUCKETS); i++) {
		const struct bucket_row *row = chg_memory_row(memory, BUCKETS, i);
		int64_t id = row->bucket.bucket_id;
		if (row->bucket.balance != sums->of_bucket[id] ||
			row->bucket.balance != sums->last_of_bucket[id])
			broken(verifier, LAW_BALANCE, "bucket", id);
	}
	for (size_t i = 0; i < chg_memory_count(memory, BUCKETS); i++) {
		const struct bucket_row *row = chg_memory_row(memory, BUCKETS, i);
		int64_t id = row->bucket.bucket_id;
		if (row->bucket.reserved != sums->held[id] || row->bucket.reserved < 0)
			broken(verifier, LAW_RESERVED, "bucket", id);
	}
}

static void check_records(struct verifier *verifier)
{
	struct memory *memory = verifier->memory;
	const struct sums *sums = &verifier->sums;
	for (size_t i = 0; i < chg_memory_count(memory, CDRS); i++) {
		const struct chg_cdr *cdr = chg_memory_row(memory, CDRS, i);
		int64_t id = cdr->state.cdr_id;
		if (cdr->cost.micros != sums->debited[id] || cdr->cost.micros != sums->cost[id])
			broken(verifier, LAW_CHARGED, "record", id);
	}
}

static void check_debits(struct verifier *verifier)
{
	struct memory *memory = verifier->memory;
	const struct sums *sums = &verifier->sums;
	for (size_t i = 0; i < chg_memory_count(memory, DEBITS); i++) {
		const struct debit_row *row = chg_memory_row(memory, DEBITS, i);
		if (row->refunded.micros > row->charged.micros ||
			row->charged.micros != sums->charged[row->posting_id] ||
			row->refunded.micros != sums->refunded[row->posting_id])
			broken(verifier, LAW_REFUNDED, "posting", row->posting_id);
	}
	int64_t highest = (int64_t)chg_memory_count(memory, POSTINGS);
	if (highest != memory->now.next_posting_id - 1)
		broken(verifier, LAW_GAPLESS, "posting", highest + 1);
}

static void check_all(struct verifier *verifier)
{
	add_lines(verifier);
	add_services(verifier);
	check_zero(verifier);
	check_buckets(verifier);
	check_records(verifier);
	check_debits(verifier);
}

enum chg_rc chg_memory_verify(void *self, chg_verify_each *each, void *to)
{
	struct memory *memory = self;
	struct verifier verifier = { .memory = memory, .each = each, .to = to, .goes_on = true };
	size_t counts[] = { chg_memory_count(memory, BUCKETS) + 1, (size_t)memory->now.next_cdr_id,
		chg_memory_count(memory, POSTINGS) + 1 };
	int64_t *room = calloc(3 * counts[0] + 2 * counts[1] + 2 * counts[2], sizeof *room);
	if (room == NULL)
		return CHG_E_NO_MEMORY;
	verifier.sums = (struct sums){
		.of_bucket = room,
		.last_of_bucket = room + counts[0],
		.held = room + 2 * counts[0],
		.debited = room + 3 * counts[0],
		.cost = room + 3 * counts[0] + counts[1],
		.charged = room + 3 * counts[0] + 2 * counts[1],
		.refunded = room + 3 * counts[0] + 2 * counts[1] + counts[2],
	};
	check_all(&verifier);
	free(room);
	return CHG_OK;
}
