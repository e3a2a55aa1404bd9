/* SPDX-License-Identifier: BSD-3-Clause
 * Lines and values of an explanation.
 */
#include "chgctl/explain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/tariff_value.h"

enum {
	LABEL_WIDTH = 9,
	LINE_MAX_LEN = 512,
};

enum ctl_exit ctl_explain_write(json_t *value)
{
	if (value == NULL) {
		ctl_say("%s", chg_rc_sentence(CHG_E_NO_MEMORY));
		return CTL_EXIT_PROBLEM;
	}
	json_dumpf(value, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(value);
	return CTL_EXIT_OK;
}

/* A path in a complaint may be no UTF-8, and a cut may have split a character. */
json_t *ctl_explain_json_text(const char *text)
{
	char *clean = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&clean, &len);
	if (to == NULL)
		return NULL;
	ctl_text_utf8(to, chg_view_of(text));
	bool is_whole = fclose(to) == 0;
	json_t *value = is_whole ? json_string(clean) : NULL;
	free(clean);
	return value;
}

struct ctl_amount ctl_amount_of(chg_money money)
{
	struct ctl_amount amount;
	chg_money_write(money, amount.text);
	return amount;
}

struct ctl_quantity ctl_quantity_of(uint64_t count, enum chg_unit unit)
{
	struct ctl_quantity quantity;
	chg_tariff_write_quantity(count, unit, quantity.text, sizeof quantity.text);
	return quantity;
}

const char *ctl_explain_rounding(enum chg_rounding rounding)
{
	static const char *const texts[] = {
		[CHG_ROUND_UP] = "rounded up",
		[CHG_ROUND_DOWN] = "rounded down",
		[CHG_ROUND_HALF_EVEN] = "rounded to the nearer, halves to even",
	};
	return texts[rounding];
}

/* One line; texts of the file are shown without what could steer a terminal. */
void ctl_explain_line(const char *label, const char *format, ...)
{
	char text[LINE_MAX_LEN];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	printf("%-*s ", LABEL_WIDTH, label);
	ctl_text_show(stdout, chg_view_of(text));
	putchar('\n');
}

json_t *ctl_explain_json_amount(chg_money money)
{
	return json_string(ctl_amount_of(money).text);
}

json_t *ctl_explain_json_count(uint64_t count)
{
	/* JSON numbers of jansson are signed; what is larger is text. */
	char text[24];
	if (count <= INT64_MAX)
		return json_integer((json_int_t)count);
	(void)snprintf(text, sizeof text, "%" PRIu64, count);
	return json_string(text);
}
