/* SPDX-License-Identifier: BSD-3-Clause
 * Each refusal says what was found, what is allowed, and what to write instead.
 */
#include "runtime/config_value.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdarg.h>
#include <strings.h>

#include "runtime/quote.h"

enum {
	SHOWN_MAX = 80, /* of a value that is repeated in a complaint */
	LABEL_MAX = 63, /* RFC 1035 2.3.4 */
	HOST_MAX = 255,
};

_Static_assert(sizeof(enum chg_store_kind) == sizeof(uint32_t), "words are stored as numbers");
_Static_assert(sizeof(enum chg_log_level) == sizeof(uint32_t), "words are stored as numbers");
_Static_assert(sizeof(enum chg_config_failure) == sizeof(uint32_t), "words are stored as numbers");
_Static_assert(
	sizeof(enum chg_config_debit_failure) == sizeof(uint32_t), "words are stored as numbers");
_Static_assert(sizeof(enum chg_config_answer) == sizeof(uint32_t), "words are stored as numbers");
_Static_assert(HOST_MAX < (int)CHG_CONFIG_ITEM_MAX, "a host name and its end have room");

__attribute__((format(printf, 2, 3))) static bool refuse(char *reterr_why, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(reterr_why, CHG_CONFIG_WHY_MAX, format, args);
	va_end(args);
	return false;
}

uint32_t *chg_config_value_number(const struct chg_config_row *row, struct chg_config *config)
{
	assert(row->type == CHG_CONFIG_NUMBER || row->type == CHG_CONFIG_WORD);
	return (uint32_t *)(void *)((char *)config + row->offset);
}

struct chg_config_list *chg_config_value_list(
	const struct chg_config_row *row, struct chg_config *config)
{
	assert(row->type == CHG_CONFIG_ADDRESSES || row->type == CHG_CONFIG_HOSTS);
	return (struct chg_config_list *)(void *)((char *)config + row->offset);
}

chg_money *chg_config_value_money(const struct chg_config_row *row, struct chg_config *config)
{
	assert(row->type == CHG_CONFIG_AMOUNT);
	return (chg_money *)(void *)((char *)config + row->offset);
}

char *chg_config_value_path(const struct chg_config_row *row, struct chg_config *config)
{
	assert(row->type == CHG_CONFIG_PATH);
	return (char *)config + row->offset;
}

struct chg_view chg_config_value_word(const struct chg_config_row *row, uint32_t index)
{
	const char *at = row->words;
	for (; at != NULL && index > 0; index--) {
		at = strchr(at, '|');
		at = at == NULL ? NULL : at + 1;
	}
	if (at == NULL)
		return (struct chg_view){ 0 };
	return (struct chg_view){ .ptr = at, .len = strcspn(at, "|") };
}

static void write_words(const struct chg_config_row *row, char ret[CHG_CONFIG_RANGE_MAX])
{
	size_t used = 0;
	for (uint32_t i = 0;; i++) {
		struct chg_view word = chg_config_value_word(row, i);
		if (!chg_view_present(word))
			break;
		bool is_last = !chg_view_present(chg_config_value_word(row, i + 1));
		int len = snprintf(ret + used, CHG_CONFIG_RANGE_MAX - used, "%s%.*s",
			i == 0 ? "" : (is_last ? " or " : ", "), (int)word.len, word.ptr);
		assert(len > 0 && (size_t)len < CHG_CONFIG_RANGE_MAX - used);
		used += (size_t)len;
	}
}

void chg_config_value_range(const struct chg_config_row *row, char ret[CHG_CONFIG_RANGE_MAX])
{
	switch (row->type) {
	case CHG_CONFIG_NUMBER:
		(void)snprintf(ret, CHG_CONFIG_RANGE_MAX, "%s%u to %u %s",
			row->has_zero ? "0, or " : "", row->low, row->high, row->unit);
		return;
	case CHG_CONFIG_WORD:
		write_words(row, ret);
		return;
	case CHG_CONFIG_PATH:
		(void)snprintf(ret, CHG_CONFIG_RANGE_MAX, "a path of %u to %u bytes", row->low,
			row->high - 1);
		return;
	case CHG_CONFIG_ADDRESSES:
		(void)snprintf(
			ret, CHG_CONFIG_RANGE_MAX, "%u to %u addresses", row->low, row->high);
		return;
	case CHG_CONFIG_HOSTS:
		(void)snprintf(
			ret, CHG_CONFIG_RANGE_MAX, "%u to %u host names", row->low, row->high);
		return;
	case CHG_CONFIG_AMOUNT:
		(void)snprintf(ret, CHG_CONFIG_RANGE_MAX, "an amount from 0.00");
		return;
	}
	assert(false);
}

/* Digits only, and no leading 0: some readers of YAML would take that as octal. */
static bool is_whole_number(struct chg_view value)
{
	if (value.len == 0 || (value.len > 1 && value.ptr[0] == '0'))
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return false;
	}
	return true;
}

static bool take_number(const struct chg_config_row *row, struct chg_view value, const char *shown,
	uint32_t *ret, char *reterr_why)
{
	char range[CHG_CONFIG_RANGE_MAX];
	chg_config_value_range(row, range);
	if (!is_whole_number(value))
		return refuse(reterr_why, "%s is not a whole number; write digits only, %s", shown,
			range);
	uint64_t number = 0;
	for (size_t i = 0; i < value.len && number <= UINT32_MAX; i++)
		number = number * 10 + (uint64_t)(value.ptr[i] - '0');
	bool is_zero = row->has_zero && number == 0;
	if (!is_zero && (number < row->low || number > row->high))
		return refuse(reterr_why, "%s is out of range; give %s", shown, range);
	*ret = (uint32_t)number;
	return true;
}

static bool take_word(const struct chg_config_row *row, struct chg_view value, const char *shown,
	uint32_t *ret, char *reterr_why)
{
	for (uint32_t i = 0;; i++) {
		struct chg_view word = chg_config_value_word(row, i);
		if (!chg_view_present(word))
			break;
		if (chg_view_equal(word, value)) {
			*ret = i;
			return true;
		}
	}
	char range[CHG_CONFIG_RANGE_MAX];
	chg_config_value_range(row, range);
	return refuse(reterr_why, "%s is not a choice; write %s", shown, range);
}

/* The currency is that of each account, so there is none here. */
static bool take_money(const struct chg_config_row *row, struct chg_view value, const char *shown,
	chg_money *ret, char *reterr_why)
{
	chg_money money;
	char range[CHG_CONFIG_RANGE_MAX];
	chg_config_value_range(row, range);
	if (chg_money_parse(value, &money) != CHG_OK)
		return refuse(reterr_why,
			"%s is no amount; write it as 1.20, without a currency and with at most "
			"six places behind the point",
			shown);
	if (money.micros < 0)
		return refuse(reterr_why, "%s is below zero; give %s", shown, range);
	*ret = money;
	return true;
}

static bool is_printable_ascii(struct chg_view text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e)
			return false;
	}
	return true;
}

static bool take_path(const struct chg_config_row *row, struct chg_view value, const char *folder,
	char *ret, char *reterr_why)
{
	if (value.len < row->low)
		return refuse(reterr_why, "there is no path; write one, or leave the key out");
	bool is_relative = value.len > 0 && value.ptr[0] != '/';
	struct chg_view start = is_relative ? chg_view_of(folder) : CHG_VIEW("");
	size_t len = start.len + value.len;
	if (!is_printable_ascii(value) || !is_printable_ascii(start))
		return refuse(reterr_why,
			"the path, or the folder that it starts at, has characters beyond ASCII; "
			"choose another path");
	if (len >= row->high)
		return refuse(reterr_why,
			"the path has %zu bytes, with the folder that it starts at; choose one of "
			"at "
			"most %u",
			len, row->high - 1);
	memcpy(ret, start.ptr, start.len);
	memcpy(ret + start.len, value.ptr, value.len);
	ret[len] = '\0';
	return true;
}

static bool is_address(const char *text)
{
	unsigned char room[sizeof(struct in6_addr)];
	return inet_pton(AF_INET, text, room) == 1 || inet_pton(AF_INET6, text, room) == 1;
}

/* Letters, digits and hyphens in labels: what the stack takes as a DiameterIdentity. */
static bool is_host(const char *text)
{
	size_t label = 0;
	for (const char *at = text; *at != '\0'; at++) {
		bool is_name = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
			       (*at >= '0' && *at <= '9') || *at == '-';
		if (!is_name && *at != '.')
			return false;
		if (*at == '.' && label == 0)
			return false;
		label = is_name ? label + 1 : 0;
		if (label > LABEL_MAX)
			return false;
	}
	return label > 0;
}

static bool is_listed(const struct chg_config_list *list, const char *item)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcasecmp(list->item[i], item) == 0)
			return true;
	}
	return false;
}

static bool take_item(const struct chg_config_row *row, struct chg_view value, const char *shown,
	struct chg_config_list *list, char *reterr_why)
{
	char item[CHG_CONFIG_ITEM_MAX] = { 0 };
	bool fits = value.len > 0 && value.len <= HOST_MAX &&
		    memchr(value.ptr, '\0', value.len) == NULL;
	memcpy(item, value.ptr, fits ? value.len : 0);

	if (row->type == CHG_CONFIG_ADDRESSES && !is_address(item))
		return refuse(reterr_why,
			"%s is no numeric address; write one as 192.0.2.1 or \"2001:db8::1\"",
			shown);
	if (row->type == CHG_CONFIG_HOSTS &&
		!is_host(strncmp(item, "*.", 2) == 0 ? item + 2 : item))
		return refuse(reterr_why,
			"%s is no host name; write one as im1.example.net, or \"*.example.net\" "
			"for all "
			"under it",
			shown);
	if (is_listed(list, item))
		return refuse(
			reterr_why, "%s is in the list already; remove one of the two", shown);
	if (list->count >= row->high)
		return refuse(reterr_why, "%s is one too many; the list takes at most %u", shown,
			row->high);
	memcpy(list->item[list->count], item, sizeof item);
	list->count++;
	return true;
}

bool chg_config_value_take(const struct chg_config_row *row, struct chg_view value,
	const char *folder, struct chg_config *config, char reterr_why[CHG_CONFIG_WHY_MAX])
{
	char shown[SHOWN_MAX];
	(void)chg_quote_write(value, CHG_QUOTE_ALWAYS, shown, sizeof shown);
	switch (row->type) {
	case CHG_CONFIG_NUMBER:
		return take_number(
			row, value, shown, chg_config_value_number(row, config), reterr_why);
	case CHG_CONFIG_WORD:
		return take_word(
			row, value, shown, chg_config_value_number(row, config), reterr_why);
	case CHG_CONFIG_PATH:
		return take_path(
			row, value, folder, chg_config_value_path(row, config), reterr_why);
	case CHG_CONFIG_ADDRESSES:
	case CHG_CONFIG_HOSTS:
		return take_item(row, value, shown, chg_config_value_list(row, config), reterr_why);
	case CHG_CONFIG_AMOUNT:
		return take_money(
			row, value, shown, chg_config_value_money(row, config), reterr_why);
	}
	assert(false);
	return false;
}
