/* SPDX-License-Identifier: BSD-3-Clause
 * fd_peer_handle_newCER: a client may come back at once.
 *
 * After a connection has ended the library takes a moment to bury it.  A CER of the same client that
 * arrives in that moment is posted to a queue that is being freed: the new connection is closed
 * without an answer at best.  And while the old connection is not known to be dead yet, the new one
 * is refused.  So a known client's CER waits here, a bounded time and on a thread that has nothing
 * else to do, until the old connection is buried.
 */
#include "daemon/override.h"

#include <pthread.h>
#include <stdatomic.h>
#include <strings.h>
#include <time.h>

enum {
	/* A second living connection of one client is refused after this, as the library does. */
	PATIENCE_MS = 1000,
	LOOK_MS = 2,
	AVP_ORIGIN_HOST = 264,
};

typedef int handle_fn(struct msg **cer, struct cnxctx **cnx);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static handle_fn *original;
static struct dict_object *origin_host;
static atomic_uint_least64_t waited;

static void find_original(void)
{
	const avp_code_t code = AVP_ORIGIN_HOST;

	original = (handle_fn *)chg_override_original("fd_peer_handle_newCER");
	(void)fd_dict_search(
		fd_g_config->cnf_dict, DICT_AVP, AVP_BY_CODE, &code, &origin_host, ENOENT);
}

static void nap(void)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000 };

	nanosleep(&pause, NULL);
}

static const struct avp_hdr *host_of(struct msg *cer)
{
	struct avp *avp = NULL;
	struct avp_hdr *header = NULL;

	if (origin_host == NULL || fd_msg_search_avp(cer, origin_host, &avp) != 0 || avp == NULL ||
		fd_msg_avp_hdr(avp, &header) != 0 || header->avp_value == NULL)
		return NULL;
	return header;
}

/*
 * The state of the client of that name; STATE_NEW when none is known.  Peers of the configuration
 * keep their state machine when they are not connected, so there is nothing to wait for.
 */
static int state_of(const struct avp_hdr *host)
{
	int state = STATE_NEW;

	if (pthread_rwlock_rdlock(&fd_g_peers_rw) != 0)
		return state;
	for (struct fd_list *li = fd_g_peers.next; li != &fd_g_peers; li = li->next) {
		struct peer_hdr *peer = li->o;
		if (peer->info.pi_diamidlen != host->avp_value->os.len ||
			strncasecmp(peer->info.pi_diamid, (const char *)host->avp_value->os.data,
				peer->info.pi_diamidlen) != 0)
			continue;
		if (peer->info.config.pic_flags.exp == PI_EXP_INACTIVE)
			state = fd_peer_get_state(peer);
		break;
	}
	pthread_rwlock_unlock(&fd_g_peers_rw);
	return state;
}

static void wait_for_burial(const struct avp_hdr *host)
{
	int state = state_of(host);

	if (state == STATE_NEW)
		return;
	for (int ms = 0; state != STATE_NEW && state != STATE_ZOMBIE && ms < PATIENCE_MS;
		ms += LOOK_MS) {
		if (ms == 0)
			atomic_fetch_add_explicit(&waited, 1, memory_order_relaxed);
		nap();
		state = state_of(host);
	}
	nap(); /* the thread that has just said "zombie" still has its last line to do */
}

int fd_peer_handle_newCER(struct msg **cer, struct cnxctx **cnx)
{
	pthread_once(&once, find_original);
	const struct avp_hdr *host = cer == NULL || *cer == NULL ? NULL : host_of(*cer);
	if (host != NULL)
		wait_for_burial(host);
	return original(cer, cnx);
}

static bool took(void)
{
	return chg_override_binds(
		"libfdcore", "fd_peer_handle_newCER", (const void *)&fd_peer_handle_newCER);
}

static uint64_t caught(void)
{
	return atomic_load_explicit(&waited, memory_order_relaxed);
}

const struct chg_override chg_override_handle_newcer = {
	.symbol = "fd_peer_handle_newCER",
	.loss = "a client that reconnects at once may be turned away and must try again",
	.took = took,
	.caught = caught,
};
