/* SPDX-License-Identifier: BSD-3-Clause
 * One piece of memory; what is sent is taken away at its front.
 */
#include "stack/outbox.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	FIRST_SIZE = 8192,
	/* More than this is given back when all is sent. */
	KEPT_SIZE = 128 * 1024,
};

size_t chg_outbox_waiting(const struct chg_outbox *outbox)
{
	return outbox->end - outbox->begin;
}

static void move_to_front(struct chg_outbox *outbox)
{
	size_t waiting = chg_outbox_waiting(outbox);
	if (outbox->begin == 0)
		return;
	memmove(outbox->bytes, outbox->bytes + outbox->begin, waiting);
	outbox->begin = 0;
	outbox->end = waiting;
}

static bool grow(struct chg_outbox *outbox, size_t wanted)
{
	size_t size = outbox->size < FIRST_SIZE ? FIRST_SIZE : outbox->size;
	while (size < wanted)
		size *= 2;
	uint8_t *bytes = realloc(outbox->bytes, size);
	if (bytes == NULL)
		return false;
	outbox->bytes = bytes;
	outbox->size = size;
	return true;
}

uint8_t *chg_outbox_room(struct chg_outbox *outbox, size_t len, size_t most)
{
	size_t wanted = chg_outbox_waiting(outbox) + len;
	if (wanted > most)
		return NULL;
	if (len > outbox->size - outbox->end) {
		move_to_front(outbox);
		if (wanted > outbox->size && !grow(outbox, wanted))
			return NULL;
	}
	return outbox->bytes + outbox->end;
}

void chg_outbox_add(struct chg_outbox *outbox, size_t len)
{
	assert(len <= outbox->size - outbox->end);
	outbox->end += len;
}

enum chg_outbox_state chg_outbox_send(struct chg_outbox *outbox, int socket)
{
	while (outbox->begin < outbox->end) {
		ssize_t sent = send(socket, outbox->bytes + outbox->begin,
			outbox->end - outbox->begin, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN ? CHG_OUTBOX_LEFT : CHG_OUTBOX_BROKEN;
		outbox->begin += (size_t)sent;
	}
	if (outbox->size > KEPT_SIZE)
		chg_outbox_release(outbox);
	outbox->begin = outbox->end = 0;
	return CHG_OUTBOX_EMPTY;
}

void chg_outbox_release(struct chg_outbox *outbox)
{
	free(outbox->bytes);
	*outbox = (struct chg_outbox){ 0 };
}
