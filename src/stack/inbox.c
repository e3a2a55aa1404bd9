/* SPDX-License-Identifier: BSD-3-Clause
 * From octets to messages.
 */
#include "stack/inbox.h"

#include <assert.h>
#include <stdlib.h>

enum {
	LENGTH_SIZE = 4, /* version and length */
	SHORTEST = 20,   /* a header */
	LONGEST = 65535, /* the library closes the connection over a longer one */
	/* After so many small reads in a row the connection says little. */
	SMALL_READS_MAX = 16,
};

static size_t length_of(const uint8_t *head)
{
	return (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
}

static void follow_head(struct chg_framing *framing, uint8_t octet)
{
	framing->head[framing->have++] = octet;
	if (framing->have < LENGTH_SIZE)
		return;
	size_t len = length_of(framing->head);
	framing->left = len > LENGTH_SIZE ? len - LENGTH_SIZE : 0;
	if (framing->left == 0)
		framing->have = 0;
}

static size_t follow_body(struct chg_framing *framing, size_t len)
{
	size_t some = len < framing->left ? len : framing->left;
	framing->left -= some;
	if (framing->left == 0)
		framing->have = 0;
	return some;
}

void chg_framing_follow(struct chg_framing *framing, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	while (len > 0) {
		size_t some = 1;
		if (framing->left > 0)
			some = follow_body(framing, len);
		else
			follow_head(framing, *at);
		at += some;
		len -= some;
	}
}

bool chg_framing_is_between(const struct chg_framing *framing)
{
	return framing->have == 0;
}

enum chg_inbox_state chg_inbox_front(const struct chg_inbox *inbox, struct chg_view *ret)
{
	const uint8_t *at = inbox->bytes + inbox->begin;
	size_t have = inbox->end - inbox->begin;
	if (have > 0 && at[0] != 1)
		return CHG_INBOX_BROKEN;
	if (have < LENGTH_SIZE)
		return CHG_INBOX_MORE;
	size_t len = length_of(at);
	if (len < SHORTEST || len > LONGEST)
		return CHG_INBOX_BROKEN;
	if (have < len)
		return CHG_INBOX_MORE;
	*ret = (struct chg_view){ (const char *)at, len };
	return CHG_INBOX_MESSAGE;
}

void chg_inbox_drop(struct chg_inbox *inbox, size_t len)
{
	assert(len <= inbox->end - inbox->begin);
	inbox->begin += len;
	if (inbox->begin == inbox->end)
		inbox->begin = inbox->end = 0;
}

size_t chg_inbox_move(struct chg_inbox *inbox, void *to, size_t len)
{
	size_t have = inbox->end - inbox->begin;
	size_t some = len < have ? len : have;
	if (some == 0)
		return 0;
	memcpy(to, inbox->bytes + inbox->begin, some);
	chg_inbox_drop(inbox, some);
	return some;
}

/* What is there stays.  False: no memory, and nothing has changed. */
static bool resize(struct chg_inbox *inbox, size_t size)
{
	assert(inbox->begin == 0 && inbox->end <= size);
	uint8_t *bytes = realloc(inbox->bytes, size);
	if (bytes == NULL)
		return false;
	inbox->bytes = bytes;
	inbox->size = size;
	inbox->small_reads = 0;
	return true;
}

static void move_to_front(struct chg_inbox *inbox)
{
	if (inbox->begin == 0)
		return;
	memmove(inbox->bytes, inbox->bytes + inbox->begin, inbox->end - inbox->begin);
	inbox->end -= inbox->begin;
	inbox->begin = 0;
}

uint8_t *chg_inbox_room(struct chg_inbox *inbox, size_t *ret_len)
{
	*ret_len = 0;
	move_to_front(inbox);
	if (inbox->size < CHG_INBOX_SIZE && (inbox->bytes == NULL || inbox->is_filled))
		(void)resize(inbox, inbox->bytes == NULL ? CHG_INBOX_FIRST : CHG_INBOX_SIZE);
	else if (inbox->end == 0 && inbox->small_reads >= SMALL_READS_MAX)
		(void)resize(inbox, CHG_INBOX_FIRST);
	inbox->is_filled = false;
	if (inbox->end == inbox->size)
		return NULL;
	*ret_len = inbox->size - inbox->end;
	return inbox->bytes + inbox->end;
}

void chg_inbox_add(struct chg_inbox *inbox, size_t len)
{
	assert(len <= inbox->size - inbox->end);
	inbox->end += len;
	inbox->is_filled = inbox->end == inbox->size;
	if (len >= CHG_INBOX_FIRST || inbox->size == CHG_INBOX_FIRST)
		inbox->small_reads = 0;
	else
		inbox->small_reads++;
}

void chg_inbox_release(struct chg_inbox *inbox)
{
	free(inbox->bytes);
	*inbox = (struct chg_inbox){ 0 };
}
