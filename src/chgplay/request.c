/* SPDX-License-Identifier: BSD-3-Clause
 * Requests are built as a tree, changed as the script wants, and written once.
 */
#include <stdio.h>
#include <stdlib.h>

#include "chgplay/element.h"
#include "chgplay/request.h"

enum {
	NODE_MAX = 1024,
	DATA_MAX = 128 * 1024,
	NONE = 0, /* node 0 is the message itself, which is nobody's child */
};

struct node {
	uint32_t code;
	uint32_t vendor;
	uint8_t flags;
	uint32_t first; /* children, NONE when there are none */
	uint32_t last;
	uint32_t next;
	size_t data_at;
	size_t data_len;
	bool has_length;
	uint32_t length; /* what the header claims, if has_length */
};

struct tree {
	struct node node[NODE_MAX];
	uint32_t node_count;
	uint8_t data[DATA_MAX];
	size_t data_len;
	bool is_full;
	chg_instant base;
};

static void append(struct tree *tree, uint32_t parent, uint32_t child)
{
	struct node *at = &tree->node[parent];
	tree->node[child].next = NONE;
	if (at->last == NONE)
		at->first = child;
	else
		tree->node[at->last].next = child;
	at->last = child;
}

static void detach(struct tree *tree, uint32_t parent, uint32_t child)
{
	uint32_t before = NONE;
	for (uint32_t at = tree->node[parent].first; at != child; at = tree->node[at].next)
		before = at;
	if (before == NONE)
		tree->node[parent].first = tree->node[child].next;
	else
		tree->node[before].next = tree->node[child].next;
	if (tree->node[parent].last == child)
		tree->node[parent].last = before;
}

static uint32_t make(struct tree *tree, uint32_t parent, const struct chg_element *element)
{
	if (tree->node_count == NODE_MAX) {
		tree->is_full = true;
		return NONE;
	}
	uint32_t made = tree->node_count++;
	tree->node[made] = (struct node){
		.code = element->code, .vendor = element->vendor, .flags = element->flags
	};
	append(tree, parent, made);
	return made;
}

/* The latest instance, so that what follows a '+' goes into the new group. */
static uint32_t find(const struct tree *tree, uint32_t parent, const struct chg_element *element)
{
	uint32_t found = NONE;
	for (uint32_t at = tree->node[parent].first; at != NONE; at = tree->node[at].next)
		if (tree->node[at].code == element->code &&
			tree->node[at].vendor == element->vendor)
			found = at;
	return found;
}

static void set_octets(struct tree *tree, uint32_t at, const uint8_t *octets, size_t len)
{
	if (len > DATA_MAX - tree->data_len) {
		tree->is_full = true;
		return;
	}
	tree->node[at].first = tree->node[at].last = NONE;
	tree->node[at].data_at = tree->data_len;
	tree->node[at].data_len = len;
	if (len != 0)
		memcpy(tree->data + tree->data_len, octets, len);
	tree->data_len += len;
}

static void set_value(
	struct tree *tree, uint32_t at, const struct chg_element *element, struct chg_view value)
{
	uint8_t octets[CHG_MESSAGE_VALUE_MAX];
	size_t len;
	if (chg_element_value(element, value, tree->base, octets, sizeof octets, &len))
		set_octets(tree, at, octets, len);
	else
		tree->is_full = true;
}

static void put_path(struct tree *tree, struct chg_view path, struct chg_view value);

/* IMS-Information has one mandatory member, and an IM server is an application server. */
static void complete(struct tree *tree, uint32_t group, const struct chg_element *element)
{
	struct chg_view member = CHG_VIEW("Node-Functionality");
	struct chg_element functionality;
	if (!element->is_known || element->id != CHG_AVP_IMS_INFORMATION ||
		!chg_element_next(&member, &functionality))
		return;
	uint32_t made = make(tree, group, &functionality);
	if (made != NONE)
		set_value(tree, made, &functionality, CHG_VIEW("6"));
}

static void put_path(struct tree *tree, struct chg_view path, struct chg_view value)
{
	struct chg_element element = { 0 };
	uint32_t at = 0;
	while (path.len != 0 && chg_element_next(&path, &element)) {
		uint32_t found = element.is_new ? NONE : find(tree, at, &element);
		if (found == NONE) {
			found = make(tree, at, &element);
			if (found != NONE && path.len != 0)
				complete(tree, found, &element);
		}
		if (found == NONE)
			return;
		at = found;
	}
	set_value(tree, at, &element, value);
}

static void put_number(struct tree *tree, const char *path, uint64_t number)
{
	char text[24];
	snprintf(text, sizeof text, "%llu", (unsigned long long)number);
	put_path(tree, chg_view_of(path), chg_view_of(text));
}

static void put_time(struct tree *tree, const char *path, chg_instant at)
{
	char text[24];
	int64_t seconds = (at.us - tree->base.us) / CHG_US_PER_S;
	snprintf(text, sizeof text, "%lld", (long long)seconds);
	put_path(tree, chg_view_of(path), chg_view_of(text));
}

/* RFC 8506 8.40: that MSCC is understood is told in the first interrogation. */
static void put_credit(struct tree *tree, const struct chg_script_send *send)
{
	if (send->action.is_present)
		put_number(tree, "Requested-Action", send->action.value);
	if (send->cc_type == CHG_CC_INITIAL && !send->is_command_level)
		put_number(tree, "Multiple-Services-Indicator", 1);
}

static void put_head(
	struct tree *tree, const struct chg_script_send *send, const struct chg_request_head *head)
{
	chg_instant event_time = head->event_time;
	if (send->has_at)
		event_time = chg_instant_add(head->base, chg_span_s(send->at_s));

	put_path(tree, CHG_VIEW("Session-Id"), head->session_id);
	put_path(tree, CHG_VIEW("Origin-Host"), head->origin_host);
	put_path(tree, CHG_VIEW("Origin-Realm"), head->origin_realm);
	put_path(tree, CHG_VIEW("Destination-Realm"), head->destination_realm);
	put_number(tree, send->is_credit ? "CC-Request-Type" : "Accounting-Record-Type",
		send->is_credit ? (uint64_t)send->cc_type : (uint64_t)send->type);
	put_number(tree, send->is_credit ? "CC-Request-Number" : "Accounting-Record-Number",
		send->number);
	put_number(tree, send->is_credit ? "Auth-Application-Id" : "Acct-Application-Id",
		send->is_credit ? 4 : 3);
	if (head->origin_state_id != 0)
		put_number(tree, "Origin-State-Id", head->origin_state_id);
	if (send->sub_session_id.is_present)
		put_number(tree,
			send->is_credit ? "CC-Sub-Session-Id" : "Accounting-Sub-Session-Id",
			send->sub_session_id.value);
	put_time(tree, "Event-Timestamp", event_time);
	put_path(
		tree, CHG_VIEW("Service-Context-Id"), CHG_VIEW("SIMPLE_IM@openmobilealliance.org"));
	if (send->is_credit)
		put_credit(tree, send);
}

/* Where a path leads; false when it is not there. */
static bool locate(
	const struct tree *tree, struct chg_view path, uint32_t *ret_parent, uint32_t *ret_at)
{
	struct chg_element element;
	*ret_at = NONE;
	while (path.len != 0 && chg_element_next(&path, &element)) {
		*ret_parent = *ret_at;
		*ret_at = find(tree, *ret_parent, &element);
		if (*ret_at == NONE)
			return false;
	}
	return *ret_at != NONE;
}

static uint32_t copy(struct tree *tree, uint32_t parent, uint32_t from)
{
	struct chg_element element = { .code = tree->node[from].code,
		.vendor = tree->node[from].vendor,
		.flags = tree->node[from].flags };
	uint32_t first = tree->node[from].first;
	uint32_t made = make(tree, parent, &element);
	if (made == NONE)
		return NONE;
	tree->node[made].data_at = tree->node[from].data_at;
	tree->node[made].data_len = tree->node[from].data_len;
	for (uint32_t at = first; at != NONE; at = tree->node[at].next)
		copy(tree, made, at);
	return made;
}

static void set_flags(struct tree *tree, const struct chg_script_edit *edit, uint32_t at)
{
	uint8_t flags = 0;
	if (!chg_element_flags(edit->value, &flags))
		tree->is_full = true;
	/* For all at once the V bit stays with the vendor, or nothing could be read any more. */
	if (at != NONE)
		tree->node[at].flags = flags;
	else
		for (uint32_t i = 1; i < tree->node_count; i++)
			tree->node[i].flags =
				(uint8_t)(flags | (tree->node[i].flags & CHG_AVP_FLAG_VENDOR));
}

static void set_length(struct tree *tree, const struct chg_script_edit *edit, uint32_t at)
{
	uint32_t length = 0;
	for (size_t i = 0; i < edit->value.len; i++) {
		char c = edit->value.ptr[i];
		if (c < '0' || c > '9' || length > 0xffffff)
			tree->is_full = true;
		else
			length = length * 10 + (uint32_t)(c - '0');
	}
	tree->node[at].has_length = true;
	tree->node[at].length = length;
}

static void put_below(
	struct tree *tree, struct chg_view path, const char *member, struct chg_view value)
{
	char whole[256];
	int len = snprintf(whole, sizeof whole, "%.*s.%s", (int)path.len, path.ptr, member);
	if (len < 0 || (size_t)len >= sizeof whole)
		tree->is_full = true;
	else
		put_path(tree, chg_view_of(whole), value);
}

static void put_number_below(
	struct tree *tree, struct chg_view path, const char *member, int64_t number)
{
	char text[24];
	snprintf(text, sizeof text, "%lld", (long long)number);
	put_below(tree, path, member, chg_view_of(text));
}

/* A path that asks for a new instance does so once. */
static void put_money(struct tree *tree, struct chg_view path, struct chg_view value)
{
	char again[256];
	size_t len = 0;
	const char *blank = value.len == 0 ? NULL : memchr(value.ptr, ' ', value.len);
	size_t code_len = blank == NULL ? value.len : (size_t)(blank - value.ptr);
	struct chg_view code = { value.ptr, code_len };
	struct chg_view amount = { value.ptr + code_len, value.len - code_len };
	chg_currency currency = { 0 };
	chg_money money = { 0 };
	int64_t digits;
	int32_t exponent;
	while (amount.len != 0 && (*amount.ptr == ' ' || *amount.ptr == '\t'))
		amount = (struct chg_view){ amount.ptr + 1, amount.len - 1 };
	if (chg_currency_parse(code, &currency) != CHG_OK ||
		chg_money_parse(amount, &money) != CHG_OK || path.len >= sizeof again) {
		tree->is_full = true;
		return;
	}
	for (size_t i = 0; i < path.len; i++)
		if (path.ptr[i] != '+')
			again[len++] = path.ptr[i];
	chg_money_to_decimal(money, &digits, &exponent);
	put_path(tree, path, CHG_VIEW(""));
	path = (struct chg_view){ again, len };
	put_number_below(tree, path, "Unit-Value.Value-Digits", digits);
	if (exponent != 0)
		put_number_below(tree, path, "Unit-Value.Exponent", exponent);
	put_number_below(tree, path, "Currency-Code", currency.number);
}

static void put_identity(struct tree *tree, struct chg_view value, const char *domain)
{
	char memory[CHG_PARTY_LONG_MAX];
	struct chg_view text;
	enum chg_identity_type type = chg_identity_spell(value, domain, memory, &text);
	struct chg_view group = CHG_VIEW("Subscription-Id");
	put_path(tree, CHG_VIEW("+Subscription-Id"), CHG_VIEW(""));
	put_number_below(tree, group, "Subscription-Id-Type", type);
	put_below(tree, group, "Subscription-Id-Data", text);
}

static bool put_handle(
	struct tree *tree, const struct chg_script_edit *edit, const struct chg_request_head *head)
{
	struct chg_view handle;
	struct chg_view path = edit->path;
	struct chg_element element = { 0 };
	uint32_t parent = NONE;
	uint32_t at = NONE;
	if (head->handle == NULL || !head->handle(head->to, edit->value, &handle))
		return false;
	put_path(tree, path, CHG_VIEW("0x"));
	while (path.len != 0 && chg_element_next(&path, &element))
		;
	if (locate(tree, edit->path, &parent, &at))
		set_octets(tree, at, (const uint8_t *)handle.ptr, handle.len);
	return true;
}

/* The edits that put something in; false: it is none of them. */
static bool put_edit(struct tree *tree, const struct chg_script_edit *edit,
	const struct chg_request_head *head, bool *ret_is_fine)
{
	char memory[CHG_PARTY_LONG_MAX];
	*ret_is_fine = true;
	switch (edit->kind) {
	case CHG_EDIT_WITH:
		put_path(tree, edit->path, edit->value);
		return true;
	case CHG_EDIT_PARTY:
		put_path(
			tree, edit->path, chg_party_spell(edit->value, head->party_domain, memory));
		return true;
	case CHG_EDIT_IDENTITY:
		put_identity(tree, edit->value, head->party_domain);
		return true;
	case CHG_EDIT_MONEY:
		put_money(tree, edit->path, edit->value);
		return true;
	case CHG_EDIT_HANDLE:
		*ret_is_fine = put_handle(tree, edit, head);
		return true;
	default:
		return false;
	}
}

/* False when the AVP that is to be changed is not there. */
static bool apply(
	struct tree *tree, const struct chg_script_edit *edit, const struct chg_request_head *head)
{
	uint32_t parent = NONE;
	uint32_t at = NONE;
	bool is_fine;
	if (put_edit(tree, edit, head, &is_fine))
		return is_fine;
	bool is_all = chg_view_equal(edit->path, CHG_VIEW("*"));
	if (is_all != (edit->kind == CHG_EDIT_FLAGS && is_all) ||
		(!is_all && !locate(tree, edit->path, &parent, &at)))
		return false;
	switch (edit->kind) {
	case CHG_EDIT_WITHOUT:
		detach(tree, parent, at);
		break;
	case CHG_EDIT_TWICE:
		copy(tree, parent, at);
		break;
	case CHG_EDIT_LAST:
		detach(tree, parent, at);
		append(tree, parent, at);
		break;
	case CHG_EDIT_FLAGS:
		set_flags(tree, edit, at);
		break;
	case CHG_EDIT_LENGTH:
		set_length(tree, edit, at);
		break;
	default:
		break;
	}
	return true;
}

struct sink {
	uint8_t *bytes;
	size_t size;
	size_t len;
	bool is_full;
};

static void put(struct sink *sink, const void *bytes, size_t len)
{
	if (len > sink->size - sink->len) {
		sink->is_full = true;
		return;
	}
	if (len != 0)
		memcpy(sink->bytes + sink->len, bytes, len);
	sink->len += len;
}

static void put32(struct sink *sink, uint32_t value)
{
	uint8_t bytes[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
		(uint8_t)value };
	put(sink, bytes, sizeof bytes);
}

static void patch24(struct sink *sink, size_t at, uint32_t value)
{
	if (sink->is_full)
		return;
	sink->bytes[at] = (uint8_t)(value >> 16);
	sink->bytes[at + 1] = (uint8_t)(value >> 8);
	sink->bytes[at + 2] = (uint8_t)value;
}

static void write_children(struct sink *sink, const struct tree *tree, uint32_t parent);

static void write_node(struct sink *sink, const struct tree *tree, uint32_t at)
{
	static const uint8_t zeros[4];
	const struct node *node = &tree->node[at];
	size_t began = sink->len;
	put32(sink, node->code);
	put32(sink, (uint32_t)node->flags << 24);
	if (node->flags & CHG_AVP_FLAG_VENDOR)
		put32(sink, node->vendor);
	if (node->first != NONE)
		write_children(sink, tree, at);
	else
		put(sink, tree->data + node->data_at, node->data_len);
	uint32_t length = (uint32_t)(sink->len - began);
	patch24(sink, began + 5, node->has_length ? node->length : length);
	put(sink, zeros, (4 - length % 4) % 4);
}

static void write_children(struct sink *sink, const struct tree *tree, uint32_t parent)
{
	for (uint32_t at = tree->node[parent].first; at != NONE; at = tree->node[at].next)
		write_node(sink, tree, at);
}

static void write_message(struct sink *sink, const struct tree *tree,
	const struct chg_script_send *send, const struct chg_request_head *head)
{
	uint32_t version = send->version.is_present ? send->version.value : 1;
	uint32_t command = send->is_credit ? 272 : 271;
	uint32_t application = send->is_credit ? 4 : 3;
	uint32_t flags = CHG_COMMAND_FLAG_REQUEST | CHG_COMMAND_FLAG_PROXIABLE;
	if (send->is_not_proxiable)
		flags &= ~(uint32_t)CHG_COMMAND_FLAG_PROXIABLE;
	if (send->is_retransmission)
		flags |= CHG_COMMAND_FLAG_RETRANSMITTED;
	if (send->header_flags.is_present)
		flags = send->header_flags.value;

	if (send->command.is_present)
		command = send->command.value;
	if (send->application.is_present)
		application = send->application.value;

	put32(sink, (version & 0xff) << 24);
	put32(sink, (flags & 0xff) << 24 | (command & 0xffffff));
	put32(sink, application);
	put32(sink, head->hop_by_hop);
	put32(sink, head->end_to_end);
	write_children(sink, tree, 0);
	patch24(sink, 1, (uint32_t)sink->len);
}

enum chg_rc chg_request_write(const struct chg_script *script, const struct chg_script_step *step,
	const struct chg_request_head *head, uint8_t *ret, size_t size, size_t *ret_len,
	struct chg_view *reterr_path)
{
	struct sink sink = { .bytes = ret, .size = size };
	struct tree *tree = calloc(1, sizeof *tree);
	if (tree == NULL)
		return CHG_E_NO_MEMORY;
	tree->node_count = 1;
	tree->base = head->base;
	put_head(tree, &step->send, head);

	enum chg_rc rc = CHG_OK;
	for (size_t i = 0; rc == CHG_OK && i < step->edit_count; i++) {
		const struct chg_script_edit *edit = &script->edit[step->edit_first + i];
		if (!apply(tree, edit, head)) {
			*reterr_path = edit->path;
			rc = CHG_E_UNKNOWN;
		}
	}
	if (rc == CHG_OK) {
		write_message(&sink, tree, &step->send, head);
		if (tree->is_full || sink.is_full)
			rc = CHG_E_RANGE;
	}
	free(tree);
	*ret_len = sink.len;
	return rc;
}

struct chg_view chg_party_spell(
	struct chg_view party, const char *domain, char memory[CHG_PARTY_LONG_MAX])
{
	if (party.len == 0 || memchr(party.ptr, ':', party.len) != NULL ||
		memchr(party.ptr, '@', party.len) != NULL)
		return party;
	int len = snprintf(memory, CHG_PARTY_LONG_MAX, "sip:%.*s@%s", (int)party.len, party.ptr,
		domain == NULL ? "example.net" : domain);
	if (len < 0 || len >= CHG_PARTY_LONG_MAX)
		return party;
	return (struct chg_view){ memory, (size_t)len };
}

enum chg_identity_type chg_identity_spell(struct chg_view identity, const char *domain,
	char memory[CHG_PARTY_LONG_MAX], struct chg_view *ret)
{
	static const struct {
		const char *prefix;
		enum chg_identity_type type;
	} types[] = { { "e164:", CHG_IDENTITY_E164 }, { "imsi:", CHG_IDENTITY_IMSI },
		{ "nai:", CHG_IDENTITY_NAI }, { "private:", CHG_IDENTITY_PRIVATE } };
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		size_t len = strlen(types[i].prefix);
		if (identity.len > len && memcmp(identity.ptr, types[i].prefix, len) == 0) {
			*ret = (struct chg_view){ identity.ptr + len, identity.len - len };
			return types[i].type;
		}
	}
	*ret = chg_party_spell(identity, domain, memory);
	return CHG_IDENTITY_SIP_URI;
}
