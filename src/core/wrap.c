/* SPDX-License-Identifier: BSD-3-Clause
 * Requests without the room that they do not use.
 *
 * Each part is what stands before its arrays, then as much of each array as there is; last of all
 * the texts that stand neither in the message nor in the structure.
 */
#include "core/wrap.h"

#include <stddef.h>

enum {
	ACR_HEAD = offsetof(struct chg_acr, party),
	CCR_HEAD = offsetof(struct chg_ccr, data),
	SERVICE_HEAD = offsetof(struct chg_service_ask, used),
};

_Static_assert(
	offsetof(struct chg_acr, participant) + sizeof(((struct chg_acr *)NULL)->participant) ==
			sizeof(struct chg_acr) &&
		offsetof(struct chg_acr, party) + sizeof(((struct chg_acr *)NULL)->party) ==
			offsetof(struct chg_acr, participant),
	"nothing but the two arrays stands behind the head of an ACR");
_Static_assert(
	offsetof(struct chg_service_ask, used) + sizeof(((struct chg_service_ask *)NULL)->used) ==
		sizeof(struct chg_service_ask),
	"nothing but usage stands behind the head of a service");

/* Where the next octets go, and where the next text. */
struct wrapping {
	struct chg_view message;
	uint8_t *at;
	char *text;
};

static void put(struct wrapping *wrapping, const void *bytes, size_t len)
{
	memcpy(wrapping->at, bytes, len);
	wrapping->at += len;
}

static const uint8_t *get(const uint8_t *from, void *ret, size_t len)
{
	memcpy(ret, from, len);
	return from + len;
}

/* ---- Texts -------------------------------------------------------------------------------------- */

static bool is_elsewhere(struct chg_view text, struct chg_view message)
{
	bool is_inside = text.ptr >= message.ptr && text.len <= message.len &&
			 (size_t)(text.ptr - message.ptr) <= message.len - text.len;
	return chg_view_present(text) && !is_inside;
}

static size_t text_size(struct chg_view text, struct chg_view message)
{
	return is_elsewhere(text, message) ? text.len : 0;
}

/* The text as it is from now on: the copy, where it needs one. */
static struct chg_view keep_text(struct wrapping *wrapping, struct chg_view text)
{
	if (!is_elsewhere(text, wrapping->message))
		return text;
	struct chg_view kept = { wrapping->text, text.len };
	memcpy(wrapping->text, text.ptr, text.len);
	wrapping->text += text.len;
	return kept;
}

/* Only these are ever made by the one who reads a message; all others are parts of it. */
static size_t texts_size(const struct chg_acr *acr, struct chg_view message)
{
	size_t size = text_size(acr->content, message);
	for (size_t i = 0; i < acr->party_count; i++)
		size += text_size(acr->party[i].text, message);
	return size;
}

/* ---- ACR ---------------------------------------------------------------------------------------- */

static size_t acr_size(const struct chg_acr *acr)
{
	return ACR_HEAD + acr->party_count * sizeof acr->party[0] +
	       acr->participant_count * sizeof acr->participant[0];
}

static void put_acr(struct wrapping *wrapping, const struct chg_acr *acr)
{
	uint8_t *head = wrapping->at;
	put(wrapping, acr, ACR_HEAD);
	struct chg_view content = keep_text(wrapping, acr->content);
	memcpy(head + offsetof(struct chg_acr, content), &content, sizeof content);
	for (size_t i = 0; i < acr->party_count; i++) {
		struct chg_named_party party = acr->party[i];
		party.text = keep_text(wrapping, party.text);
		put(wrapping, &party, sizeof party);
	}
	put(wrapping, acr->participant, acr->participant_count * sizeof acr->participant[0]);
}

static const uint8_t *get_acr(const uint8_t *from, struct chg_acr *ret)
{
	from = get(from, ret, ACR_HEAD);
	from = get(from, ret->party, ret->party_count * sizeof ret->party[0]);
	return get(from, ret->participant, ret->participant_count * sizeof ret->participant[0]);
}

size_t chg_acr_wrapped_size(const struct chg_acr *acr, struct chg_view message)
{
	return acr_size(acr) + texts_size(acr, message);
}

void chg_acr_wrap(const struct chg_acr *acr, struct chg_view message, uint8_t *to)
{
	struct wrapping wrapping = { message, to, (char *)to + acr_size(acr) };
	put_acr(&wrapping, acr);
}

void chg_acr_unwrap(const uint8_t *from, struct chg_acr *ret)
{
	get_acr(from, ret);
}

/* ---- CCR ---------------------------------------------------------------------------------------- */

static size_t service_size(const struct chg_service_ask *service)
{
	return SERVICE_HEAD + service->used_count * sizeof service->used[0];
}

static size_t ccr_size(const struct chg_ccr *ccr)
{
	size_t size =
		CCR_HEAD + acr_size(&ccr->data) + ccr->identity_count * sizeof ccr->identity[0];
	for (size_t i = 0; i < ccr->service_count; i++)
		size += service_size(&ccr->service[i]);
	return size;
}

size_t chg_ccr_wrapped_size(const struct chg_ccr *ccr, struct chg_view message)
{
	return ccr_size(ccr) + texts_size(&ccr->data, message);
}

void chg_ccr_wrap(const struct chg_ccr *ccr, struct chg_view message, uint8_t *to)
{
	struct wrapping wrapping = { message, to, (char *)to + ccr_size(ccr) };
	put(&wrapping, ccr, CCR_HEAD);
	put_acr(&wrapping, &ccr->data);
	put(&wrapping, ccr->identity, ccr->identity_count * sizeof ccr->identity[0]);
	for (size_t i = 0; i < ccr->service_count; i++)
		put(&wrapping, &ccr->service[i], service_size(&ccr->service[i]));
}

void chg_ccr_unwrap(const uint8_t *from, struct chg_ccr *ret)
{
	from = get(from, ret, CCR_HEAD);
	from = get_acr(from, &ret->data);
	from = get(from, ret->identity, ret->identity_count * sizeof ret->identity[0]);
	for (size_t i = 0; i < ret->service_count; i++) {
		struct chg_service_ask *service = &ret->service[i];
		from = get(from, service, SERVICE_HEAD);
		from = get(from, service->used, service->used_count * sizeof service->used[0]);
	}
}
