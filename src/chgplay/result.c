/* SPDX-License-Identifier: BSD-3-Clause
 * The rows of dict/result.def, by name and by number.
 */
#include "chgplay/result.h"
#include "chgplay/text.h"

static const struct {
	const char *name;
	uint32_t code;
} results[] = {
#define RESULT(id, code, name) { #id, code },
#include "dict/result.def"
#undef RESULT
};

/* Whether "out-of-space" or "OUT_OF_SPACE" is written for the row OUT_OF_SPACE. */
static bool is_name(struct chg_view text, const char *name)
{
	if (text.len != strlen(name))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '-')
			c = '_';
		else if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (c != name[i])
			return false;
	}
	return true;
}

bool chg_result_read(struct chg_view text, uint32_t *ret)
{
	int64_t number;
	if (chg_number_read(text, &number)) {
		*ret = (uint32_t)number;
		return number >= 1000 && number <= 9999;
	}
	for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
		if (is_name(text, results[i].name)) {
			*ret = results[i].code;
			return true;
		}
	return false;
}

const char *chg_result_word(uint32_t code)
{
	for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
		if (results[i].code == code)
			return results[i].name;
	return "";
}
