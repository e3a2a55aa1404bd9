/* SPDX-License-Identifier: BSD-3-Clause
 * Names and values of scripts into codes and octets, by the dictionary.
 */
#include <stdio.h>

#include "chgplay/element.h"
#include "chgplay/text.h"

static struct chg_view take_until(struct chg_view *text, char stop)
{
	const char *found = text->len == 0 ? NULL : memchr(text->ptr, stop, text->len);
	size_t len = found == NULL ? text->len : (size_t)(found - text->ptr);
	struct chg_view head = { text->ptr, len };
	size_t skip = found == NULL ? len : len + 1;
	*text = (struct chg_view){ text->ptr + skip, text->len - skip };
	return head;
}

bool chg_element_flags(struct chg_view text, uint8_t *ret)
{
	*ret = 0;
	if (chg_view_equal(text, CHG_VIEW("-")))
		return true;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == 'V')
			*ret |= CHG_AVP_FLAG_VENDOR;
		else if (text.ptr[i] == 'M')
			*ret |= CHG_AVP_FLAG_MUST;
		else if (text.ptr[i] == 'P')
			*ret |= CHG_AVP_FLAG_PROTECTED;
		else
			return false;
	}
	return text.len != 0;
}

static bool read_numbers(struct chg_view name, struct chg_element *ret)
{
	uint64_t code;
	uint64_t vendor;
	struct chg_view code_text = take_until(&name, '/');
	struct chg_view vendor_text = take_until(&name, '/');
	if (!chg_unsigned_read(code_text, &code) || !chg_unsigned_read(vendor_text, &vendor))
		return false;
	if (code > UINT32_MAX || vendor > UINT32_MAX || !chg_element_flags(name, &ret->flags))
		return false;
	ret->code = (uint32_t)code;
	ret->vendor = (uint32_t)vendor;
	if (vendor != 0)
		ret->flags |= CHG_AVP_FLAG_VENDOR;
	return true;
}

bool chg_element_next(struct chg_view *path, struct chg_element *ret)
{
	struct chg_view name = take_until(path, '.');
	*ret = (struct chg_element){ 0 };
	if (name.len != 0 && name.ptr[0] == '+') {
		ret->is_new = true;
		name = (struct chg_view){ name.ptr + 1, name.len - 1 };
	}
	if (name.len == 0)
		return false;
	if (name.ptr[0] >= '0' && name.ptr[0] <= '9' && memchr(name.ptr, '/', name.len) != NULL)
		return read_numbers(name, ret);
	if (!chg_dict_by_name(name.ptr, name.len, &ret->id))
		return false;
	const struct chg_avp_row *row = chg_dict_row(ret->id);
	ret->is_known = true;
	ret->code = row->code;
	ret->vendor = row->vendor;
	ret->flags = (uint8_t)((row->vendor != 0 ? CHG_AVP_FLAG_VENDOR : 0) |
			       (row->must ? CHG_AVP_FLAG_MUST : 0));
	return true;
}

static void put_number(uint64_t value, size_t len, uint8_t *ret)
{
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
}

/* LOGOUT is as good as DIAMETER_LOGOUT. */
static bool named_value(enum chg_avp id, struct chg_view name, int32_t *ret)
{
	char full[80];
	int len = snprintf(
		full, sizeof full, "DIAMETER_%.*s", (int)name.len, name.len == 0 ? "" : name.ptr);
	if (name.len != 0 && chg_dict_enum_value(id, name.ptr, name.len, ret))
		return true;
	return len > 0 && (size_t)len < sizeof full &&
	       chg_dict_enum_value(id, full, (size_t)len, ret);
}

/* A number as the type holds it: its two's complement, with the octets it takes. */
static bool number_of(const struct chg_element *element, enum chg_avp_type type,
	struct chg_view value, uint64_t *ret)
{
	int64_t number = 0;
	int32_t named = 0;
	if (type == CHG_TYPE_U64)
		return chg_unsigned_read(value, ret);
	if (chg_number_read(value, &number)) {
		*ret = (uint64_t)number;
		switch (type) {
		case CHG_TYPE_U32:
			return number >= 0 && number <= UINT32_MAX;
		case CHG_TYPE_I64:
			return true;
		default:
			return number >= INT32_MIN && number <= INT32_MAX;
		}
	}
	if (!named_value(element->id, value, &named))
		return false;
	*ret = (uint64_t)(int64_t)named;
	return true;
}

static bool time_of(struct chg_view value, chg_instant base, uint64_t *ret)
{
	int64_t seconds;
	if (value.len > 1 && value.ptr[0] == '+')
		value = (struct chg_view){ value.ptr + 1, value.len - 1 };
	if (!chg_number_read(value, &seconds))
		return false;
	*ret = chg_time_from_instant(chg_instant_add(base, chg_span_s(seconds)));
	return true;
}

bool chg_element_value(const struct chg_element *element, struct chg_view value, chg_instant base,
	uint8_t *ret, size_t size, size_t *ret_len)
{
	uint64_t number = 0;

	if (chg_hex_is(value))
		return chg_hex_read(value, ret, size, ret_len);
	if (!element->is_known)
		return false;
	enum chg_avp_type type = chg_dict_row(element->id)->type;
	switch (type) {
	case CHG_TYPE_U32:
	case CHG_TYPE_I32:
	case CHG_TYPE_ENUMERATED:
	case CHG_TYPE_U64:
	case CHG_TYPE_I64:
		if (!number_of(element, type, value, &number))
			return false;
		break;
	case CHG_TYPE_TIME:
		if (!time_of(value, base, &number))
			return false;
		break;
	case CHG_TYPE_GROUPED:
	case CHG_TYPE_ADDRESS:
		*ret_len = 0;
		return value.len == 0;
	default:
		if (value.len > size)
			return false;
		if (value.len != 0)
			memcpy(ret, value.ptr, value.len);
		*ret_len = value.len;
		return true;
	}
	*ret_len = type == CHG_TYPE_U64 || type == CHG_TYPE_I64 ? 8 : 4;
	if (*ret_len > size)
		return false;
	put_number(number, *ret_len, ret);
	return true;
}

const char *chg_element_check(struct chg_view path, struct chg_view value)
{
	uint8_t octets[CHG_MESSAGE_VALUE_MAX];
	size_t len;
	struct chg_element element;

	while (path.len != 0)
		if (!chg_element_next(&path, &element))
			return "the dictionary does not have that AVP";
	if (chg_element_value(&element, value, (chg_instant){ 0 }, octets, sizeof octets, &len))
		return NULL;
	if (chg_hex_is(value))
		return "that is not a whole number of octets, two hexadecimal digits each";
	if (!element.is_known)
		return "an AVP given by its code takes octets, as 0x0102";
	switch (chg_dict_row(element.id)->type) {
	case CHG_TYPE_ENUMERATED:
		return "that is neither a number nor a name of this AVP's values";
	case CHG_TYPE_TIME:
		return "a time is seconds after the scenario's start, as +5, or octets, as "
		       "0x00000001";
	case CHG_TYPE_GROUPED:
		return "a group takes no value; name an AVP within it, or write octets, as 0x";
	case CHG_TYPE_ADDRESS:
		return "an address is written as octets, as 0x00017f000001";
	default:
		return "that is not a value for this AVP; octets may be written, as 0x0102";
	}
}
