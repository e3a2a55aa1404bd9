/* SPDX-License-Identifier: BSD-3-Clause
 * One request of CH-2, and what time does to sessions.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/accounting.h"
#include "core/refund.h"
#include "core/units_json.h"
#include "store/memory/memory_private.h"

enum { SUB_TEXT_MAX = 24 };

static const struct chg_view online = { .ptr = "CH-2", .len = 4 };

/* ---- What is known ---- */

static bool is_same_number(const struct answer_row *row, const struct chg_acr *acr)
{
	return chg_view_equal(row->origin_host, acr->origin_host) &&
	       chg_view_equal(row->session_id, acr->session_id) &&
	       chg_memory_sub_session_equal(row->sub_session_id, acr->sub_session_id) &&
	       row->type == acr->type && row->number == acr->number;
}

/* Answers are kept in parts, which are forgotten whole: the one that grows, and the one before it. */
static bool is_looked_into(const struct memory *memory, const struct answer_row *row)
{
	return row->part >= memory->now.answer_part - 1;
}

static struct answer_row *answer_find(struct memory *memory, const struct chg_acr *acr)
{
	for (size_t i = 0; i < chg_memory_count(memory, ANSWERS); i++) {
		struct answer_row *row = chg_memory_row(memory, ANSWERS, i);
		if (is_looked_into(memory, row) && is_same_number(row, acr))
			return row;
	}
	return NULL;
}

static void load_answer(
	struct memory *memory, const struct chg_acr *acr, struct chg_cc_facts *facts)
{
	const struct answer_row *row = answer_find(memory, acr);
	if (row == NULL)
		return;
	bool is_same = memcmp(&row->digest, &acr->digest, sizeof acr->digest) == 0;
	facts->seen = is_same ? CHG_SEEN_SAME : CHG_SEEN_OTHER;
	facts->kept_answer = row->answer;
}

static bool is_session_of(const struct session_row *row, const struct chg_acr *acr)
{
	return chg_view_equal(row->origin_host, acr->origin_host) &&
	       chg_view_equal(row->session_id, acr->session_id) &&
	       chg_memory_sub_session_equal(row->sub_session_id, acr->sub_session_id);
}

static void session_read(
	struct memory *memory, const struct session_row *row, struct chg_cc_session *ret)
{
	*ret = (struct chg_cc_session){
		.cc_session_id = row->cc_session_id,
		.status = row->status,
		.account_id = row->account_id,
		.cdr_id = row->cdr_id,
		.until = row->until,
		.cost = row->cost,
	};
	for (size_t i = 0; i < chg_memory_count(memory, SERVICES); i++) {
		const struct service_row *service = chg_memory_row(memory, SERVICES, i);
		if (service->cc_session_id == row->cc_session_id)
			ret->service[ret->service_count++] = service->service;
	}
}

/* An event touches no session. */
static void load_session(
	struct memory *memory, const struct chg_ccr *ccr, struct chg_cc_facts *facts)
{
	if (ccr->type == CHG_CC_EVENT)
		return;
	for (size_t i = 0; i < chg_memory_count(memory, SESSIONS); i++) {
		const struct session_row *row = chg_memory_row(memory, SESSIONS, i);
		if (!is_session_of(row, &ccr->data))
			continue;
		facts->has_session = true;
		session_read(memory, row, &facts->session);
	}
}

/* The session's account, else that of the first identity that has one; the others must agree. */
static void load_account(
	struct memory *memory, const struct chg_ccr *ccr, struct chg_cc_facts *facts)
{
	int64_t account_id = facts->session.account_id;
	for (size_t i = 0; i < ccr->identity_count; i++) {
		const struct chg_party *key = &ccr->identity[i].key;
		int64_t found = chg_memory_account_by_key(
			memory, (struct chg_view){ .ptr = key->bytes, .len = key->len });
		if (found == 0)
			continue;
		if (account_id == 0)
			account_id = found;
		facts->has_conflict |= found != account_id;
	}
	const struct account_row *row = chg_memory_account_by_id(memory, account_id);
	if (row == NULL)
		return;
	facts->has_account = true;
	chg_memory_account_read(memory, row, &facts->account);
}

static struct debit_row *debit_find(struct memory *memory, int64_t posting_id)
{
	for (size_t i = 0; i < chg_memory_count(memory, DEBITS); i++) {
		struct debit_row *row = chg_memory_row(memory, DEBITS, i);
		if (row->posting_id == posting_id)
			return row;
	}
	return NULL;
}

static void load_refundable(
	struct memory *memory, const struct chg_ccr *ccr, struct chg_cc_facts *facts)
{
	int64_t posting_id;
	if (ccr->service_count == 0 ||
		chg_refund_handle_read(ccr->service[0].refund_information, &posting_id) != CHG_OK)
		return;
	const struct debit_row *row = debit_find(memory, posting_id);
	if (row == NULL)
		return;
	facts->refundable = (struct chg_refundable){
		.is_known = true,
		.posting_id = posting_id,
		.account_id = row->account_id,
		.left.micros = row->charged.micros - row->refunded.micros,
		.bucket_id = row->bucket_id,
	};
}

static enum chg_rc load(void *self, const struct chg_ccr *ccr, struct chg_cc_facts *ret)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	chg_cc_facts_clear(ret);
	ret->next_posting_id = memory->now.next_posting_id;
	load_answer(memory, &ccr->data, ret);
	load_session(memory, ccr, ret);
	load_account(memory, ccr, ret);
	load_refundable(memory, ccr, ret);
	chg_memory_load_record(memory, online, &ccr->data, &ret->record);
	return CHG_OK;
}

static enum chg_rc next_posting_id(void *self, int64_t *ret)
{
	*ret = ((struct memory *)self)->now.next_posting_id;
	return CHG_OK;
}

/* ---- What a plan wants ---- */

/* Balances came from the lines alone; what the plan has must be the same. */
static void account_write(struct memory *memory, const struct chg_account *account)
{
	struct account_row *row = chg_memory_account_by_id(memory, account->account_id);
	assert(row != NULL);
	row->status = account->status;
	for (size_t i = 0; i < account->bucket_count; i++) {
		const struct chg_bucket *after = &account->bucket[i];
		struct bucket_row *bucket = chg_memory_bucket(memory, after->bucket_id);
		assert(bucket != NULL && bucket->bucket.balance == after->balance);
		assert(after->reserved >= 0);
		bucket->bucket.reserved = after->reserved;
	}
}

/* A direct debit can be refunded later: how much, and to which bucket. */
static enum chg_rc debit_add(struct memory *memory, const struct chg_ccr *ccr,
	const struct chg_cc_plan *plan, int64_t posting_id)
{
	struct debit_row row = { .posting_id = posting_id, .account_id = plan->account.account_id };
	bool is_one = true;
	int64_t main_id = 0;
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct chg_entry *entry = &plan->entry[i];
		if (entry->kind != CHG_BUCKET_MONEY)
			continue;
		row.charged.micros -= entry->amount;
		is_one &= row.bucket_id == 0 || row.bucket_id == entry->bucket_id;
		row.bucket_id = entry->bucket_id;
	}
	for (size_t i = 0; i < plan->account.bucket_count; i++) {
		if (plan->account.bucket[i].is_main)
			main_id = plan->account.bucket[i].bucket_id;
	}
	if (!is_one)
		row.bucket_id = main_id;
	bool can_be_refunded = plan->posting == CHG_POSTING_DEBIT && ccr->type == CHG_CC_EVENT &&
			       row.charged.micros > 0;
	return can_be_refunded ? chg_memory_row_add(memory, DEBITS, &row) : CHG_OK;
}

static enum chg_rc posting_write(struct memory *memory, struct chg_now now,
	const struct chg_ccr *ccr, const struct chg_cc_plan *plan, int64_t cdr_id)
{
	int64_t posting_id;
	struct posting_row posting = {
		.at = now.wall,
		.kind = plan->posting,
		.account_id = plan->account.account_id,
		.cdr_id = cdr_id,
		.refunds = plan->refunds,
	};
	enum chg_rc rc =
		chg_memory_post(memory, posting, plan->entry, plan->entry_count, &posting_id);
	if (rc == CHG_OK)
		rc = debit_add(memory, ccr, plan, posting_id);
	if (rc == CHG_OK && plan->refunds != 0) {
		struct debit_row *debit = debit_find(memory, plan->refunds);
		assert(debit != NULL);
		debit->refunded.micros += plan->refund_amount.micros;
	}
	return rc;
}

static struct session_row *session_find(struct memory *memory, int64_t cc_session_id)
{
	for (size_t i = 0; i < chg_memory_count(memory, SESSIONS); i++) {
		struct session_row *row = chg_memory_row(memory, SESSIONS, i);
		if (row->cc_session_id == cc_session_id)
			return row;
	}
	return NULL;
}

static void services_remove(struct memory *memory, int64_t cc_session_id)
{
	for (size_t i = chg_memory_count(memory, SERVICES); i-- > 0;) {
		const struct service_row *row = chg_memory_row(memory, SERVICES, i);
		if (row->cc_session_id == cc_session_id)
			chg_memory_row_remove(memory, SERVICES, i);
	}
}

static void session_remove(struct memory *memory, const struct session_row *row)
{
	const struct session_row *first = chg_memory_row(memory, SESSIONS, 0);
	services_remove(memory, row->cc_session_id);
	chg_memory_row_remove(memory, SESSIONS, (size_t)(row - first));
}

static enum chg_rc services_write(struct memory *memory, const struct chg_cc_session *session)
{
	services_remove(memory, session->cc_session_id);
	for (size_t i = 0; i < session->service_count; i++) {
		struct service_row row = { session->cc_session_id, session->service[i] };
		enum chg_rc rc = chg_memory_row_add(memory, SERVICES, &row);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

static enum chg_rc session_write(struct memory *memory, const struct chg_cc_session *session)
{
	struct session_row *row = session_find(memory, session->cc_session_id);
	assert(row != NULL);
	row->status = session->status;
	row->account_id = session->account_id;
	row->cdr_id = session->cdr_id;
	row->until = session->until;
	row->cost = session->cost;
	return services_write(memory, session);
}

/* A session that begins anew takes the place of the tombstone of its name. */
static enum chg_rc session_insert(
	struct memory *memory, const struct chg_acr *acr, struct chg_cc_session *session)
{
	for (size_t i = chg_memory_count(memory, SESSIONS); i-- > 0;) {
		const struct session_row *row = chg_memory_row(memory, SESSIONS, i);
		if (!is_session_of(row, acr))
			continue;
		assert(row->status == CHG_CC_ENDED);
		session_remove(memory, row);
	}
	session->cc_session_id = memory->now.next_cc_session_id++;
	struct session_row row = {
		.sub_session_id = acr->sub_session_id,
		.cc_session_id = session->cc_session_id,
	};
	enum chg_rc rc = chg_memory_keep(memory, acr->origin_host, &row.origin_host);
	if (rc == CHG_OK)
		rc = chg_memory_keep(memory, acr->session_id, &row.session_id);
	if (rc == CHG_OK)
		rc = chg_memory_row_add(memory, SESSIONS, &row);
	return rc == CHG_OK ? session_write(memory, session) : rc;
}

static enum chg_rc plan_session_write(struct memory *memory, const struct chg_acr *acr,
	const struct chg_cc_plan *plan, int64_t cdr_id)
{
	struct chg_cc_session session = plan->session;
	if (session.cdr_id == 0)
		session.cdr_id = cdr_id;
	switch (plan->session_step) {
	case CHG_STEP_INSERT:
		return session_insert(memory, acr, &session);
	case CHG_STEP_UPDATE:
		return session_write(memory, &session);
	case CHG_STEP_NONE:
		break;
	}
	return CHG_OK;
}

/* The name of the rule, where it is one of the tariff that the store is given. */
static struct chg_view rule_name(
	const struct chg_tariff *tariff, const struct chg_service_done *done)
{
	if (tariff == NULL || done->rule == 0 || done->rule > tariff->rule_count ||
		done->version != tariff->version)
		return (struct chg_view){ 0 };
	return chg_view_of(tariff->rule[done->rule - 1].name);
}

static enum chg_rc dones_add(struct memory *memory, const struct chg_cc_plan *plan,
	const struct chg_tariff *tariff, int64_t cdr_id)
{
	bool is_session = plan->record.record.kind == CHG_CDR_SESSION;
	for (size_t i = 0; i < plan->done_count; i++) {
		struct done_row row = {
			.cdr_id = cdr_id,
			.entry_no = is_session ? plan->record.record.entry_count : 0,
			.done = plan->done[i],
		};
		enum chg_rc rc =
			chg_memory_keep(memory, rule_name(tariff, &plan->done[i]), &row.rule_name);
		if (rc == CHG_OK)
			rc = chg_memory_row_add(memory, DONES, &row);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

/* Who paid for the record, and how much. */
static void charge_write(struct memory *memory, const struct chg_cc_plan *plan, int64_t cdr_id)
{
	struct chg_cdr *cdr = chg_memory_cdr(memory, cdr_id);
	assert(cdr != NULL);
	if (!plan->has_account)
		return;
	cdr->has_charge = true;
	cdr->account = chg_memory_account_by_id(memory, plan->account.account_id)->name;
	cdr->currency = plan->account.currency;
	for (size_t i = 0; i < plan->done_count; i++)
		cdr->cost.micros += plan->done[i].cost.micros;
}

static enum chg_rc answer_add(struct memory *memory, struct chg_now now, const struct chg_acr *acr,
	struct chg_view answer)
{
	if (answer_find(memory, acr) != NULL)
		return CHG_OK;
	struct answer_row row = {
		.sub_session_id = acr->sub_session_id,
		.type = acr->type,
		.number = acr->number,
		.digest = acr->digest,
		.part = memory->now.answer_part,
	};
	enum chg_rc rc = chg_memory_keep(memory, acr->origin_host, &row.origin_host);
	if (rc == CHG_OK)
		rc = chg_memory_keep(memory, acr->session_id, &row.session_id);
	if (rc == CHG_OK)
		rc = chg_memory_keep(memory, answer, &row.answer);
	if (!memory->now.answer_began.is_present)
		memory->now.answer_began = (chg_opt_instant){ true, now.wall };
	return rc == CHG_OK ? chg_memory_row_add(memory, ANSWERS, &row) : rc;
}

static enum chg_rc suspense_add(struct memory *memory, struct chg_now now,
	const struct chg_ccr *ccr, const struct chg_suspense *suspense)
{
	char used[CHG_UNITS_JSON_MAX];
	struct chg_view text = { .ptr = used, .len = chg_units_json(&suspense->used, used) };
	const struct chg_party *key = &ccr->identity[0].key;
	struct suspense_row row = {
		.line.suspense_id = (int64_t)chg_memory_count(memory, SUSPENSE) + 1,
		.line.at = now.wall,
	};
	enum chg_rc rc = chg_memory_keep(memory, ccr->data.origin_host, &row.line.origin_host);
	if (rc == CHG_OK)
		rc = chg_memory_keep(memory, ccr->data.session_id, &row.line.session_id);
	if (rc == CHG_OK && ccr->identity_count > 0)
		rc = chg_memory_keep(
			memory, (struct chg_view){ key->bytes, key->len }, &row.line.identity);
	if (rc == CHG_OK)
		rc = chg_memory_keep(memory, text, &row.line.used);
	return rc == CHG_OK ? chg_memory_row_add(memory, SUSPENSE, &row) : rc;
}

/* The record first, since all that follows names it. */
static enum chg_rc apply(void *self, struct chg_now now, const struct chg_ccr *ccr,
	const struct chg_cc_plan *plan, const struct chg_tariff *tariff, struct chg_view answer)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	if (plan->is_replay)
		return CHG_OK;
	int64_t record_id, cdr_id;
	enum chg_rc rc =
		chg_memory_apply_record(memory, online, now, &ccr->data, &plan->record, &record_id);
	cdr_id = record_id != 0 ? record_id : plan->session.cdr_id;
	assert(plan->entry_count == 0 || plan->has_account);
	if (rc == CHG_OK && plan->entry_count > 0)
		rc = posting_write(memory, now, ccr, plan, cdr_id);
	if (rc == CHG_OK && plan->has_account)
		account_write(memory, &plan->account);
	if (rc == CHG_OK)
		rc = plan_session_write(memory, &ccr->data, plan, cdr_id);
	if (rc == CHG_OK && record_id != 0)
		rc = dones_add(memory, plan, tariff, record_id);
	if (rc == CHG_OK && cdr_id != 0)
		charge_write(memory, plan, cdr_id);
	if (rc == CHG_OK && plan->suspense.is_present)
		rc = suspense_add(memory, now, ccr, &plan->suspense);
	if (rc == CHG_OK && plan->keeps_answer)
		rc = answer_add(memory, now, &ccr->data, answer);
	return rc;
}

/* ---- What time does ---- */

/* The session whose time is over first; NULL when there is none at all. */
static struct session_row *first_due(struct memory *memory)
{
	struct session_row *first = NULL;
	for (size_t i = 0; i < chg_memory_count(memory, SESSIONS); i++) {
		struct session_row *row = chg_memory_row(memory, SESSIONS, i);
		if (first == NULL || chg_instant_before(row->until, first->until))
			first = row;
	}
	return first;
}

static enum chg_rc next_deadline(void *self, chg_opt_instant *ret)
{
	const struct session_row *first = first_due(self);
	*ret = first == NULL ? (chg_opt_instant){ 0 } : (chg_opt_instant){ true, first->until };
	return CHG_OK;
}

/*
 * A record that is closed already stays as it is.  `end` is the request that ends the session above
 * this one; NULL: nobody ended it.
 */
static enum chg_rc session_end(struct memory *memory, struct chg_now now,
	const struct chg_cc_policy *policy, const struct session_row *row,
	const struct chg_acr *end)
{
	struct chg_cc_session before, after;
	struct chg_account account = { 0 }, account_after;
	struct chg_cdr_state open = { .kind = CHG_CDR_SESSION, .status = CHG_CDR_OPEN };
	struct chg_cdr_state record_after;
	session_read(memory, row, &before);
	const struct account_row *payer = chg_memory_account_by_id(memory, before.account_id);
	if (payer != NULL)
		chg_memory_account_read(memory, payer, &account);
	struct chg_cdr *cdr = chg_memory_cdr(memory, before.cdr_id);
	bool is_open = cdr != NULL && cdr->state.status == CHG_CDR_OPEN;
	chg_credit_expire(&before, &account, is_open ? &cdr->state : &open, policy, now, &after,
		&account_after, &record_after);
	if (payer != NULL)
		account_write(memory, &account_after);
	if (is_open && end != NULL)
		record_after = chg_accounting_close_below(&cdr->state, end, now);
	if (is_open)
		chg_memory_state_write(memory, cdr, record_after);
	return session_write(memory, &after);
}

static enum chg_rc expire_due(void *self, struct chg_now now, const struct chg_cc_policy *policy,
	uint32_t max, uint32_t *ret_ended)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	uint32_t ended = 0;
	for (uint32_t i = 0; i < max; i++) {
		const struct session_row *row = first_due(memory);
		if (row == NULL || chg_instant_before(now.steady, row->until))
			break;
		if (row->status == CHG_CC_ENDED) {
			session_remove(memory, row);
			continue;
		}
		enum chg_rc rc = session_end(memory, now, policy, row, NULL);
		if (rc != CHG_OK)
			return rc;
		ended++;
	}
	*ret_ended = ended;
	return CHG_OK;
}

/* The open session of a peer whose open record has the lowest Origin-State-Id below the given one. */
static struct session_row *first_older(
	struct memory *memory, struct chg_view host, uint32_t origin_state_id)
{
	struct session_row *first = NULL;
	uint32_t lowest = origin_state_id;
	for (size_t i = 0; i < chg_memory_count(memory, SESSIONS); i++) {
		struct session_row *row = chg_memory_row(memory, SESSIONS, i);
		const struct chg_cdr *cdr = chg_memory_cdr(memory, row->cdr_id);
		if (row->status != CHG_CC_OPEN || !chg_view_equal(row->origin_host, host) ||
			cdr == NULL || cdr->state.status != CHG_CDR_OPEN ||
			cdr->state.origin_state_id == 0 || cdr->state.origin_state_id >= lowest)
			continue;
		first = row;
		lowest = cdr->state.origin_state_id;
	}
	return first;
}

static enum chg_rc end_older(void *self, struct chg_now now, const struct chg_cc_policy *policy,
	struct chg_view origin_host, uint32_t origin_state_id, uint32_t *ret_ended)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	uint32_t ended = 0;
	for (;; ended++) {
		const struct session_row *row = first_older(memory, origin_host, origin_state_id);
		if (row == NULL)
			break;
		enum chg_rc rc = session_end(memory, now, policy, row, NULL);
		if (rc != CHG_OK)
			return rc;
	}
	*ret_ended = ended;
	return CHG_OK;
}

/* The open sub-session whose text comes first, as a column of digits sorts them. */
static struct session_row *first_below(struct memory *memory, const struct chg_acr *acr)
{
	struct session_row *first = NULL;
	char lowest[SUB_TEXT_MAX] = "", text[SUB_TEXT_MAX];
	for (size_t i = 0; i < chg_memory_count(memory, SESSIONS); i++) {
		struct session_row *row = chg_memory_row(memory, SESSIONS, i);
		if (row->status != CHG_CC_OPEN || !row->sub_session_id.is_present ||
			!chg_view_equal(row->origin_host, acr->origin_host) ||
			!chg_view_equal(row->session_id, acr->session_id))
			continue;
		snprintf(text, sizeof text, "%" PRIu64, row->sub_session_id.value);
		if (first != NULL && strcmp(text, lowest) >= 0)
			continue;
		first = row;
		memcpy(lowest, text, sizeof lowest);
	}
	return first;
}

static enum chg_rc end_sub_sessions(void *self, struct chg_now now,
	const struct chg_cc_policy *policy, const struct chg_ccr *ccr, uint32_t *ret_ended)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	uint32_t ended = 0;
	for (;; ended++) {
		const struct session_row *row = first_below(memory, &ccr->data);
		if (row == NULL)
			break;
		enum chg_rc rc = session_end(memory, now, policy, row, &ccr->data);
		if (rc != CHG_OK)
			return rc;
	}
	*ret_ended = ended;
	return CHG_OK;
}

/* The first answer of a part that is not looked into any more; `count` when there is none. */
static size_t first_forgettable(struct memory *memory, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_looked_into(memory, chg_memory_row(memory, ANSWERS, i)))
			return i;
	}
	return count;
}

static enum chg_rc forget_answers(
	void *self, chg_instant before, uint32_t max, uint32_t *ret_forgotten)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	chg_opt_instant *began = &memory->now.answer_began;
	uint32_t forgotten = 0;
	if (began->is_present && chg_instant_before(began->value, before)) {
		memory->now.answer_part++;
		*began = (chg_opt_instant){ 0 };
	}
	for (; forgotten < max; forgotten++) {
		size_t count = chg_memory_count(memory, ANSWERS);
		size_t place = first_forgettable(memory, count);
		if (place == count)
			break;
		chg_memory_row_remove(memory, ANSWERS, place);
	}
	*ret_forgotten = forgotten;
	return CHG_OK;
}

const struct chg_books_ops chg_memory_books_ops = {
	.load = load,
	.next_posting_id = next_posting_id,
	.apply = apply,
	.next_deadline = next_deadline,
	.expire_due = expire_due,
	.end_older = end_older,
	.end_sub_sessions = end_sub_sessions,
	.forget_answers = forget_answers,
	.account_add = chg_memory_account_add,
	.account_set_status = chg_memory_account_set_status,
	.bucket_add = chg_memory_bucket_add,
	.post = chg_memory_post_by_hand,
	.tariff_add = chg_memory_tariff_add,
	.suspense_post = chg_memory_suspense_post,
	.account_find = chg_memory_account_find,
	.account_scan = chg_memory_account_scan,
	.ledger_scan = chg_memory_ledger_scan,
	.suspense_scan = chg_memory_suspense_scan,
	.tariff_scan = chg_memory_tariff_scan,
	.done_scan = chg_memory_done_scan,
	.verify = chg_memory_verify,
};
