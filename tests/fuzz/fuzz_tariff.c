/* SPDX-License-Identifier: BSD-3-Clause
 * Any text as a tariff: complaints, or a tariff that rates anything without harm.
 */
#include <assert.h>

#include "core/rating.h"
#include "runtime/tariff_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_rule(const struct chg_tariff *tariff, const struct chg_tariff_rule *rule)
{
	static const uint64_t units[] = { 0, 1, 1000, UINT64_MAX };
	static const int64_t instants[] = { INT64_MIN, 0, INT64_C(1795172400000000), INT64_MAX };
	assert(rule->per > 0 && rule->increment > 0 && rule->name[0] != '\0');
	for (size_t i = 0; i < 16; i++) {
		struct chg_rated before = { 0 }, after;
		chg_instant at = { instants[i / 4] };
		if (chg_rating_add(tariff, rule, &before, units[i % 4], at, &after) == CHG_OK)
			assert(after.charged.micros >= 0);
		chg_money money = { 1000000 };
		uint64_t can =
			chg_rating_affordable(tariff, rule, &before, units[i % 4], money, at);
		assert(can <= units[i % 4]);
		assert(chg_rating_add(tariff, rule, &before, can, at, &after) == CHG_OK);
		assert(after.charged.micros <= money.micros);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct chg_tariff tariff;
	static struct chg_tariff_errors errors;
	struct chg_view text = { (const char *)bytes, size };
	enum chg_rc rc = chg_tariff_read_text("fuzz.yaml", text, &tariff, &errors);
	assert((rc == CHG_OK) == (errors.error_count == 0));
	assert(errors.count <= CHG_TARIFF_ERROR_MAX);
	if (rc != CHG_OK)
		return 0;
	assert(tariff.rule_count > 0 && tariff.shift_count > 0);
	struct chg_tariff_ask ask = { .context = CHG_VIEW("9.32260@3gpp.org"),
		.recipient = CHG_VIEW("sip:bob@im.partner.example") };
	(void)chg_tariff_find(&tariff, &ask);
	for (size_t i = 0; i < tariff.rule_count; i++)
		check_rule(&tariff, &tariff.rule[i]);
	return 0;
}
