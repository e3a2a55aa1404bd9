/* SPDX-License-Identifier: BSD-3-Clause
 * Laws of the online decision over random accounts, tariffs and requests.  A failure names its seed
 * and the step; both come again.
 */
#include "core/credit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/refund.h"
#include "support/seed.h"
#include "support/table.h"

enum { SESSIONS = 4, GROUPS = 4, STEPS = 60, DEBITS_MAX = STEPS + 1, SEEDS = 2000 };

static const struct chg_now now = { { INT64_C(1767225600) * CHG_US_PER_S },
	{ INT64_C(1767225600) * CHG_US_PER_S } };

struct world {
	uint64_t seed, first_seed;
	uint32_t step;
	struct chg_tariff tariff;
	struct chg_cc_policy policy;
	struct chg_account account;
	struct chg_cc_session session[SESSIONS];
	bool has_session[SESSIONS];
	struct chg_cdr_state record[SESSIONS];
	int64_t charged[SESSIONS]; /* micros, by the postings of each */
	uint32_t number;
	struct chg_refundable debit[DEBITS_MAX];
	int64_t debited[DEBITS_MAX];
	int64_t postings;
	char handle[CHG_REFUND_HANDLE_MAX];
	struct chg_ccr ccr;
	size_t of; /* the session of ccr */
	struct chg_cc_facts facts;
	struct chg_cc_plan plan;
};

static void expect(const struct world *world, bool holds, const char *law)
{
	if (!holds)
		fail_msg("seed %llu, step %u: %s", (unsigned long long)world->first_seed,
			world->step, law);
}

/* ---- Making worlds -------------------------------------------------------------------------------- */

static struct chg_tariff_rule make_rule(struct world *world, uint32_t group)
{
	uint64_t *seed = &world->seed;
	static const enum chg_unit unit[] = { CHG_UNIT_MESSAGES, CHG_UNIT_SECONDS,
		CHG_UNIT_OCTETS };
	struct chg_tariff_rule rule = {
		.kind = seed_one_in(seed, 8) ? CHG_TARIFF_FREE : CHG_TARIFF_FLAT,
		.unit = unit[seed_below(seed, 3)],
		.per = 1 + seed_below(seed, 3),
		.increment = 1 + seed_below(seed, 4),
		.rounding = (enum chg_rounding)seed_below(seed, 3),
		.band_count = 1,
		.band = { { .days = 0xff,
			.until_minute = 1440,
			.price = { seed_below(seed, 50) } } },
	};
	if (seed_one_in(seed, 3))
		rule.setup.micros = seed_below(seed, 100);
	if (seed_one_in(seed, 3))
		rule.minimum.micros = seed_below(seed, 200);
	snprintf(rule.name, sizeof rule.name, "r%u", group);
	rule.match.rating_group = (chg_opt_u32){ true, group };
	return rule;
}

static void add_bucket(struct world *world)
{
	uint64_t *seed = &world->seed;
	struct chg_account *account = &world->account;
	struct chg_bucket *bucket = &account->bucket[account->bucket_count++];
	*bucket = (struct chg_bucket){ .bucket_id = (int64_t)account->bucket_count,
		.kind = (enum chg_bucket_kind)(1 + seed_below(seed, 4)),
		.balance = seed_below(seed, 300),
		.priority = (int32_t)seed_below(seed, 3) - 1 };
	if (account->bucket_count == 1) {
		bucket->kind = CHG_BUCKET_MONEY;
		bucket->is_main = true;
		bucket->balance = seed_below(seed, 4000);
	}
	if (!bucket->is_main && seed_one_in(seed, 2))
		snprintf(bucket->service, sizeof bucket->service, "r%u",
			1 + seed_below(seed, GROUPS));
}

static void make_world(struct world *world, uint64_t first_seed)
{
	*world = (struct world){ .seed = first_seed, .first_seed = first_seed };
	uint64_t *seed = &world->seed;
	world->tariff.version = 1;
	for (uint32_t i = 0; i < GROUPS; i++)
		world->tariff.rule[world->tariff.rule_count++] = make_rule(world, i + 1);
	world->policy = (struct chg_cc_policy){ .session_idle = { 1 }, .tombstone = { 1 } };
	world->policy.refund_max.micros = seed_below(seed, 200);
	for (size_t i = 0; i < CHG_UNIT_COUNT; i++) {
		world->policy.quantum[i] = 1 + seed_below(seed, 10);
		world->policy.grant_max[i] = 1 + seed_below(seed, 30);
	}
	world->account = (struct chg_account){ .account_id = 1, .status = CHG_ACCOUNT_ACTIVE };
	if (seed_one_in(seed, 3))
		world->account.credit_limit.micros = seed_below(seed, 500);
	for (uint32_t count = 1 + seed_below(seed, 6); count > 0; count--)
		add_bucket(world);
	chg_account_sort(&world->account);
}

/* ---- Making requests ------------------------------------------------------------------------------- */

static void make_units(struct world *world, struct chg_units *units, enum chg_unit unit)
{
	uint64_t *seed = &world->seed;
	units->is_present = true;
	if (seed_one_in(seed, 8)) {
		units->has_money = true;
		units->money.micros = seed_below(seed, 300);
	} else if (!seed_one_in(seed, 6)) {
		units->of[unit] = (chg_opt_u64){ true, seed_below(seed, 40) };
	}
}

static void make_service(struct world *world, struct chg_service_ask *ask)
{
	uint64_t *seed = &world->seed;
	uint32_t group = 1 + seed_below(seed, GROUPS + 1); /* the last is none of the tariff */
	enum chg_unit unit =
		group <= GROUPS ? world->tariff.rule[group - 1].unit : CHG_UNIT_MESSAGES;
	*ask = (struct chg_service_ask){ .rating_group = { true, group } };
	if (!seed_one_in(seed, 4))
		make_units(world, &ask->requested, unit);
	while (world->ccr.type != CHG_CC_EVENT && ask->used_count < 3 && seed_one_in(seed, 2))
		make_units(world, &ask->used[ask->used_count++].units, unit);
	if (seed_one_in(seed, 10))
		ask->reason = (chg_opt_u32){ true, 2 };
	if (world->ccr.type == CHG_CC_EVENT && seed_one_in(seed, 2) && world->postings > 0) {
		size_t len = chg_refund_handle_write(
			1 + (int64_t)seed_below(seed, (uint32_t)world->postings), world->handle);
		ask->refund_information = (struct chg_view){ world->handle, len };
	}
}

static void make_request(struct world *world)
{
	static const enum chg_record_type record[] = { CHG_RECORD_START, CHG_RECORD_INTERIM,
		CHG_RECORD_STOP, CHG_RECORD_EVENT };
	uint64_t *seed = &world->seed;
	struct chg_ccr *ccr = &world->ccr;
	world->of = seed_below(seed, SESSIONS);
	*ccr = (struct chg_ccr){ .identity_count = 1, .is_multiple = !seed_one_in(seed, 3) };
	uint32_t dice = seed_below(seed, 10);
	ccr->type = dice < 2   ? CHG_CC_INITIAL
		    : dice < 6 ? CHG_CC_UPDATE
		    : dice < 7 ? CHG_CC_TERMINATION
			       : CHG_CC_EVENT;
	ccr->data = (struct chg_acr){ .service_context_id = CHG_VIEW("im@example.net"),
		.type = record[ccr->type - 1],
		.number = world->number++,
		.content = CHG_VIEW("{}") };
	if (ccr->type == CHG_CC_EVENT)
		ccr->action = (chg_opt_u32){ true, seed_below(seed, 4) };
	ccr->service_count = ccr->is_multiple ? 1 + seed_below(seed, 4) : 1;
	for (size_t i = 0; i < ccr->service_count; i++)
		make_service(world, &ccr->service[i]);
}

static void load(struct world *world)
{
	int64_t posting_id;
	struct chg_cc_facts *facts = &world->facts;
	*facts = (struct chg_cc_facts){ .has_account = true,
		.account = world->account,
		.next_posting_id = world->postings + 1 };
	if (world->ccr.type == CHG_CC_EVENT) {
		if (chg_refund_handle_read(world->ccr.service[0].refund_information, &posting_id) ==
			CHG_OK)
			facts->refundable = world->debit[posting_id];
		return;
	}
	facts->has_session = world->has_session[world->of];
	facts->session = world->session[world->of];
	facts->record.has_record = facts->has_session;
	facts->record.record = world->record[world->of];
}

/* ---- The laws ----------------------------------------------------------------------------------------- */

static int64_t money_of(const struct chg_cc_plan *plan)
{
	int64_t sum = 0;
	for (size_t i = 0; i < plan->entry_count; i++)
		if (plan->entry[i].kind == CHG_BUCKET_MONEY)
			sum += plan->entry[i].amount;
	return sum;
}

static bool reports_usage(const struct chg_ccr *ccr)
{
	for (size_t i = 0; i < ccr->service_count; i++)
		if (ccr->service[i].used_count > 0)
			return true;
	return false;
}

/* No bucket goes below its floor but by usage that was reported, and then somebody hears of it. */
static void check_floors(const struct world *world)
{
	for (size_t i = 0; i < world->account.bucket_count; i++) {
		const struct chg_bucket *before = &world->facts.account.bucket[i];
		const struct chg_bucket *after = &world->account.bucket[i];
		int64_t floor = after->is_main ? -world->account.credit_limit.micros : 0;
		if (after->balance >= floor || after->balance >= before->balance)
			continue;
		expect(world, reports_usage(&world->ccr), "a bucket below its floor");
		expect(world, after->is_main, "a debt in another bucket than the main one");
		expect(world, world->plan.alarm != NULL, "a debt that nobody hears of");
	}
}

/* All reserves are those of open sessions; a new one is never above what is there. */
static void check_reserves(const struct world *world)
{
	for (size_t i = 0; i < world->account.bucket_count; i++) {
		const struct chg_bucket *bucket = &world->account.bucket[i];
		int64_t limit = bucket->is_main ? world->account.credit_limit.micros : 0;
		int64_t held = 0, own = 0;
		for (size_t s = 0; s < SESSIONS; s++)
			for (size_t k = 0; k < world->session[s].service_count; k++)
				for (size_t h = 0; h < world->session[s].service[k].hold_count;
					h++) {
					const struct chg_hold *hold =
						&world->session[s].service[k].hold[h];
					if (hold->bucket_id != bucket->bucket_id)
						continue;
					expect(world, hold->amount > 0, "a hold of nothing");
					held += hold->amount;
					own += s == world->of ? hold->amount : 0;
				}
		expect(world, held == bucket->reserved, "reserves are not the holds");
		if (own > 0 && world->plan.session_step != CHG_STEP_NONE &&
			bucket->reserved > world->facts.account.bucket[i].reserved)
			expect(world, bucket->reserved <= bucket->balance + limit,
				"more reserved than there is");
	}
}

static bool is_of_account(const struct world *world, int64_t bucket_id, enum chg_bucket_kind kind)
{
	for (size_t i = 0; i < world->account.bucket_count; i++)
		if (world->account.bucket[i].bucket_id == bucket_id)
			return world->account.bucket[i].kind == kind;
	return false;
}

/* What is held pays for what is granted, to the millionth. */
static void check_service(const struct world *world, const struct chg_cc_service *service)
{
	int64_t money = 0;
	uint64_t units = 0;
	for (size_t h = 0; h < service->hold_count; h++) {
		if (is_of_account(world, service->hold[h].bucket_id, CHG_BUCKET_MONEY))
			money += service->hold[h].amount;
		else
			units += (uint64_t)service->hold[h].amount;
	}
	if (service->is_money || service->granted == 0) {
		expect(world, units == 0 && money == (int64_t)service->granted,
			"money is not held as it was granted");
		return;
	}
	struct chg_rated after;
	const struct chg_tariff_rule *rule = &world->tariff.rule[service->rating_group.value - 1];
	expect(world, units <= service->granted, "more free units held than granted");
	expect(world,
		chg_rating_add(&world->tariff, rule, &service->rated, service->granted - units,
			now.wall, &after) == CHG_OK &&
			after.charged.micros - service->rated.charged.micros == money,
		"what is held is not the price of what is granted");
}

static void check_answer(const struct world *world)
{
	const struct chg_cca *answer = &world->plan.answer;
	for (size_t i = 0; i < world->ccr.service_count; i++) {
		const struct chg_units *asked = &world->ccr.service[i].requested;
		const struct chg_service_reply *reply = &answer->service[i];
		if (!reply->granted.is_present)
			continue;
		expect(world, reply->result_code == CHG_CC_SUCCESS, "a refusal with a grant");
		expect(world, world->ccr.type != CHG_CC_TERMINATION, "a grant at the end");
		for (size_t k = 0; k < CHG_UNIT_COUNT; k++)
			if (asked->of[k].is_present && asked->of[k].value > 0)
				expect(world, reply->granted.of[k].value <= asked->of[k].value,
					"more granted than asked");
		if (asked->has_money)
			expect(world, reply->granted.money.micros <= asked->money.micros,
				"more money granted than asked");
	}
}

static void note_posting(struct world *world)
{
	const struct chg_cc_plan *plan = &world->plan;
	int64_t posting_id = ++world->postings;
	struct chg_refundable debit = {
		.posting_id = posting_id, .account_id = 1, .left = { -money_of(plan) }
	};
	debit.is_known = world->ccr.type == CHG_CC_EVENT && plan->posting == CHG_POSTING_DEBIT &&
			 debit.left.micros > 0;
	world->debit[posting_id] = debit;
	world->debited[posting_id] = debit.left.micros;
	if (plan->refunds != 0) {
		struct chg_refundable *refunded = &world->debit[plan->refunds];
		refunded->left.micros -= plan->refund_amount.micros;
		expect(world, refunded->left.micros >= 0, "a refund above its debit");
		expect(world, plan->refund_amount.micros > 0, "a refund of nothing");
	}
	if (world->ccr.type != CHG_CC_EVENT)
		world->charged[world->of] -= money_of(plan);
}

/* What the records will say is what the ledger says.  D-016 */
static void check_done(const struct world *world)
{
	int64_t cost = 0;
	for (size_t i = 0; i < world->plan.done_count; i++)
		cost += world->plan.done[i].cost.micros;
	expect(world, cost == -money_of(&world->plan), "records and ledger disagree");
}

static void step(struct world *world)
{
	static const struct chg_acct_policy record_policy = { 0 };
	struct chg_cc_plan *plan = &world->plan;
	make_request(world);
	load(world);
	chg_credit_decide(&world->facts, &world->tariff, &world->policy, &record_policy, now,
		&world->ccr, plan);
	expect(world, chg_cc_plan_balanced(&world->facts, plan), "the plan is not balanced");
	if (plan->has_account)
		world->account = plan->account;
	if (plan->session_step != CHG_STEP_NONE) {
		if (plan->session_step == CHG_STEP_INSERT)
			world->charged[world->of] = 0;
		world->has_session[world->of] = true;
		world->session[world->of] = plan->session;
		world->record[world->of] = plan->record.record;
	}
	check_done(world);
	if (plan->entry_count > 0)
		note_posting(world);
	check_floors(world);
	check_reserves(world);
	check_answer(world);
	for (size_t i = 0; i < plan->session.service_count; i++)
		if (plan->session_step != CHG_STEP_NONE)
			check_service(world, &plan->session.service[i]);
	if (plan->session_step != CHG_STEP_NONE)
		expect(world, plan->session.cost.micros == world->charged[world->of],
			"the session's cost is not what it was charged");
}

/* Silence frees what was held, and nothing is charged for it.  E-018, J-09 */
static void run_out(struct world *world)
{
	size_t of = world->of = seed_below(&world->seed, SESSIONS);
	struct chg_cc_session after;
	struct chg_account account;
	struct chg_cdr_state record;
	if (!world->has_session[of] || world->session[of].status != CHG_CC_OPEN)
		return;
	chg_credit_expire(&world->session[of], &world->account, &world->record[of], &world->policy,
		now, &after, &account, &record);
	for (size_t i = 0; i < account.bucket_count; i++)
		expect(world, account.bucket[i].balance == world->account.bucket[i].balance,
			"silence cost something");
	world->session[of] = after;
	world->account = account;
	world->record[of] = record;
	world->plan.session_step = CHG_STEP_NONE;
	check_reserves(world);
}

static void every_law_holds_for_every_seed(void **state)
{
	static struct world world;
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		make_world(&world, seed);
		for (world.step = 1; world.step <= STEPS; world.step++) {
			step(&world);
			if (seed_one_in(&world.seed, 10))
				run_out(&world);
		}
	}
}

/* ---- One report or many ----------------------------------------------------------------------------- */

/* Reports `units` of group 1 in so many parts, in one session; what the account is then. */
static void report(struct world *world, uint64_t first_seed, uint64_t units, uint32_t parts)
{
	static const struct chg_acct_policy record_policy = { 0 };
	make_world(world, first_seed);
	uint64_t left = units;
	for (uint32_t i = 0; i <= parts + 1; i++) {
		bool is_last = i == parts + 1;
		uint64_t part = is_last  ? left
				: i == 0 ? 0
					 : seed_below(&world->seed, 1 + (uint32_t)left);
		left -= part;
		world->ccr = (struct chg_ccr){ .identity_count = 1, .is_multiple = true };
		world->ccr.type = i == 0    ? CHG_CC_INITIAL
				  : is_last ? CHG_CC_TERMINATION
					    : CHG_CC_UPDATE;
		world->ccr.data =
			(struct chg_acr){ .service_context_id = CHG_VIEW("im@example.net"),
				.type = i == 0    ? CHG_RECORD_START
					: is_last ? CHG_RECORD_STOP
						  : CHG_RECORD_INTERIM,
				.number = i,
				.content = CHG_VIEW("{}") };
		world->ccr.service_count = 1;
		struct chg_service_ask *ask = &world->ccr.service[0];
		*ask = (struct chg_service_ask){ .rating_group = { true, 1 },
			.requested = { .is_present = true } };
		if (i > 0) {
			ask->used_count = 1;
			ask->used[0].units.is_present = true;
			ask->used[0].units.of[world->tariff.rule[0].unit] =
				(chg_opt_u64){ true, part };
		}
		load(world);
		chg_credit_decide(&world->facts, &world->tariff, &world->policy, &record_policy,
			now, &world->ccr, &world->plan);
		world->account = world->plan.account;
		world->has_session[0] = true;
		world->session[0] = world->plan.session;
		world->record[0] = world->plan.record.record;
	}
}

static void usage_costs_the_same_in_however_many_reports(void **state)
{
	static struct world once, often;
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		uint64_t dice = seed, units = seed_below(&dice, 200);
		report(&once, seed, units, 0); /* E-012 */
		report(&often, seed, units, 1 + seed_below(&dice, 8));
		for (size_t i = 0; i < once.account.bucket_count; i++)
			expect(&once,
				once.account.bucket[i].balance == often.account.bucket[i].balance,
				"usage cost more or less in several reports");
		expect(&once, once.session[0].cost.micros == often.session[0].cost.micros,
			"the session's cost depends on how it was reported");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_law_holds_for_every_seed),
		cmocka_unit_test(usage_costs_the_same_in_however_many_reports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
