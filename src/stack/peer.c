/* SPDX-License-Identifier: BSD-3-Clause
 * Admission and events of peers.
 */
#include "stack/peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "app/engine.h"
#include "runtime/config.h"
#include "runtime/log.h"
#include "runtime/runtime.h"
#include "stack/direct.h"

static struct {
	_Atomic(struct chg_runtime *) runtime;
	struct fd_hook_hdl *on_peer, *on_leaving, *on_trouble;
} peers;

enum {
	/* So many hosts of peer.allow are repeated in the line that admits one more. */
	LISTED_HOSTS_MAX = 8,
	/* Lines about trouble that a peer can cause, per second; the rest are counted. */
	TROUBLE_LINES_PER_S = 5,
};

/* ---- Lines that peers can cause ------------------------------------------------------------ */

/* How many lines about one kind of trouble were written this second, and how many were not. */
struct limiter {
	atomic_uint lines, lost;
	atomic_long second;
};

/* Whether one more line may be written this second; *ret_lost is what was not, since the last. */
static bool may_tell(struct limiter *limiter, unsigned int *ret_lost)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (atomic_exchange(&limiter->second, now.tv_sec) != now.tv_sec)
		atomic_store(&limiter->lines, 0);
	if (atomic_fetch_add(&limiter->lines, 1) >= TROUBLE_LINES_PER_S) {
		atomic_fetch_add(&limiter->lost, 1);
		return false;
	}
	*ret_lost = atomic_exchange(&limiter->lost, 0);
	return true;
}

/* ---- Admission ---------------------------------------------------------------------------- */

/*
 * The line that admits this host as well, as it has to stand under "peer:" in charging.yaml.  A long
 * list is not repeated: then only the item to add is told.
 */
static void write_allow_line(
	const struct chg_config_list *allow, const char *host, char *ret, size_t size)
{
	int len = snprintf(ret, size, "allow: [");
	if (allow->count > LISTED_HOSTS_MAX)
		len += snprintf(ret + len, size - (size_t)len, "..., ");
	for (size_t i = 0; i < allow->count && allow->count <= LISTED_HOSTS_MAX; i++)
		len += snprintf(ret + len, size - (size_t)len, "\"%s\", ", allow->item[i]);
	snprintf(ret + len, size - (size_t)len, "\"%s\"]", host);
}

static void tell_refusal(struct chg_runtime *runtime, const char *host, const char *realm)
{
	char allow[(LISTED_HOSTS_MAX + 2) * (CHG_CONFIG_ITEM_MAX + 8)];
	char line[sizeof allow + CHG_CONFIG_ITEM_MAX + 64];
	struct chg_meters meters = chg_runtime_meters(runtime);
	struct chg_log log = chg_runtime_log(runtime);
	static struct limiter refusals;
	unsigned int lost = 0;

	meters.add(meters.self, CHG_METER_PEERS_REFUSED, 1);
	if (!may_tell(&refusals, &lost))
		return;
	chg_log_event(log, CHG_LOG_WARNING,
		"peer.refused host=%s realm=%s cause=%s cure=%s untold=%u", host, realm,
		"not admitted by peer.allow",
		"put the line below under peer: in charging.yaml and restart the node", lost);
	write_allow_line(&chg_runtime_config(runtime)->peer_allow, host, allow, sizeof allow);
	snprintf(line, sizeof line, "peer.refused-line %s", allow);
	log.write(log.self, CHG_LOG_WARNING, line);
}

/* A configuration that was copied with its Identity; the library would take it, and serve both as one. */
static bool is_our_own_name(struct chg_view host)
{
	return host.len == fd_g_config->cnf_diamid_len &&
	       strncasecmp(host.ptr, fd_g_config->cnf_diamid, host.len) == 0;
}

static void tell_impostor(struct chg_runtime *runtime, const char *host, const char *realm)
{
	struct chg_meters meters = chg_runtime_meters(runtime);
	static struct limiter refusals;
	unsigned int lost = 0;

	meters.add(meters.self, CHG_METER_PEERS_REFUSED, 1);
	if (may_tell(&refusals, &lost))
		chg_log_event(chg_runtime_log(runtime), CHG_LOG_WARNING,
			"peer.refused host=%s realm=%s cause=%s cure=%s untold=%u", host, realm,
			"it has the name of this node", "give it a Diameter identity of its own",
			lost);
}

/*
 * The library asks about every peer that it has not configured itself.  Admitted ones may come
 * without TLS: that is what peer.allow says (RFC 6733 2.1, 13: by explicit policy).
 */
static int validate(struct peer_info *info, int *auth, int (**cb2)(struct peer_info *))
{
	(void)cb2;
	struct chg_runtime *runtime = atomic_load(&peers.runtime);
	struct chg_view host = { info->pi_diamid, info->pi_diamidlen };
	if (runtime == NULL)
		return 0;
	if (is_our_own_name(host)) {
		tell_impostor(runtime, info->pi_diamid, info->runtime.pir_realm);
		*auth = -1;
		return 0;
	}
	if (chg_config_list_names(&chg_runtime_config(runtime)->peer_allow, host)) {
		info->config.pic_flags.sec = PI_SEC_NONE;
		*auth = 1;
		return 0;
	}
	tell_refusal(runtime, info->pi_diamid, info->runtime.pir_realm);
	*auth = -1;
	return 0;
}

/* ---- Connections -------------------------------------------------------------------------- */

/* The number of a connection's socket is told in a text only: "TCP,soc#12".  -1: unknown. */
static int socket_in(const char *text)
{
	int socket;
	const char *number = strstr(text, "soc#");
	return number != NULL && sscanf(number, "soc#%d", &socket) == 1 ? socket : -1;
}

/* freeDiameter switches Nagle's algorithm on, which holds an answer back until the next one. */
static void set_nodelay(int socket)
{
	int on = 1;
	(void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void prepare_connection(struct chg_runtime *runtime, struct peer_hdr *peer)
{
	char text[64];
	struct chg_view host = { peer->info.pi_diamid, peer->info.pi_diamidlen };
	if (fd_peer_cnx_proto_info(peer, text, sizeof text) != 0)
		return;
	int socket = socket_in(text);
	if (socket < 0)
		return;
	set_nodelay(socket);
	if (strncmp(text, "TCP,soc#", 8) == 0)
		direct_open(socket,
			chg_config_list_names(&chg_runtime_config(runtime)->peer_strict, host)
				? CHG_STRICT
				: CHG_LENIENT);
}

struct host_state_job {
	struct chg_job job;
	struct chg_acr acr;
	char host[256];
	char realm[256];
};

static void host_state_done(struct chg_job *job)
{
	free(job); /* the job is the first member */
}

static struct chg_view copy_text(char *to, size_t size, const char *text)
{
	size_t len = text == NULL ? 0 : strnlen(text, size - 1);
	if (len > 0)
		memcpy(to, text, len);
	to[len] = '\0';
	return (struct chg_view){ to, len };
}

/* A-100: the Origin-State-Id of CER counts like that of a request. */
static void submit_host_state(struct chg_runtime *runtime, const struct peer_info *info)
{
	if (info->runtime.pir_orstate == 0)
		return;
	struct host_state_job *state = calloc(1, sizeof *state);
	if (state == NULL)
		return;
	struct chg_job *job = &state->job;
	job->magic = CHG_JOB_MAGIC;
	job->kind = CHG_JOB_HOST_STATE;
	job->done = host_state_done;
	job->acr = &state->acr;
	state->acr.origin_host = copy_text(state->host, sizeof state->host, info->pi_diamid);
	state->acr.origin_realm =
		copy_text(state->realm, sizeof state->realm, info->runtime.pir_realm);
	state->acr.origin_state_id = (chg_opt_u32){ true, info->runtime.pir_orstate };
	if (chg_engine_submit(chg_runtime_engine(runtime), job) != CHG_OK)
		free(state);
}

static void peer_connected(struct chg_runtime *runtime, struct peer_hdr *peer)
{
	submit_host_state(runtime, &peer->info);
	prepare_connection(runtime, peer);
	chg_log_event(chg_runtime_log(runtime), CHG_LOG_NOTICE,
		"peer.connected host=%s realm=%s product=%s state-id=%u", peer->info.pi_diamid,
		peer->info.runtime.pir_realm, (const char *)peer->info.runtime.pir_prodname,
		peer->info.runtime.pir_orstate);
}

static void on_peer(enum fd_hook_type type, struct msg *msg, struct peer_hdr *peer, void *other,
	struct fd_hook_permsgdata *pmd, void *regdata)
{
	(void)msg, (void)pmd, (void)regdata;
	struct chg_runtime *runtime = atomic_load(&peers.runtime);
	if (runtime == NULL)
		return;
	if (type == HOOK_PEER_CONNECT_SUCCESS && peer != NULL)
		peer_connected(runtime, peer);
	else if (type == HOOK_PEER_CONNECT_FAILED)
		chg_log_event(chg_runtime_log(runtime), CHG_LOG_NOTICE,
			"peer.lost host=%s cause=%s", peer == NULL ? "-" : peer->info.pi_diamid,
			other == NULL ? "-" : (const char *)other);
}

/* The library tells of connections that break, but not of those that end with a goodbye. */
static void on_leaving(enum fd_hook_type type, struct msg *msg, struct peer_hdr *peer, void *other,
	struct fd_hook_permsgdata *pmd, void *regdata)
{
	(void)type, (void)other, (void)pmd, (void)regdata;
	enum { COMMAND_DPR = 282 };
	struct chg_runtime *runtime = atomic_load(&peers.runtime);
	struct msg_hdr *header;
	if (runtime == NULL || peer == NULL || fd_msg_hdr(msg, &header) != 0 ||
		header->msg_code != COMMAND_DPR || (header->msg_flags & CMD_FLAG_REQUEST) == 0)
		return;
	chg_log_event(chg_runtime_log(runtime), CHG_LOG_NOTICE, "peer.left host=%s cause=%s",
		peer->info.pi_diamid, "it said goodbye");
}

unsigned int chg_peer_count_open(void)
{
	unsigned int count = 0;
	if (pthread_rwlock_rdlock(&fd_g_peers_rw) != 0)
		return 0;
	for (struct fd_list *at = fd_g_peers.next; at != &fd_g_peers; at = at->next)
		if (fd_peer_get_state((struct peer_hdr *)at->o) == STATE_OPEN)
			count++;
	pthread_rwlock_unlock(&fd_g_peers_rw);
	return count;
}

/* ---- Trouble that peers cause ------------------------------------------------------------- */

/* Without a callback the library dumps each bad message under global locks: a flood of its own. */
static void on_trouble(enum fd_hook_type type, struct msg *msg, struct peer_hdr *peer, void *other,
	struct fd_hook_permsgdata *pmd, void *regdata)
{
	(void)pmd, (void)regdata;
	struct chg_runtime *runtime = atomic_load(&peers.runtime);
	static struct limiter troubles;
	unsigned int lost = 0;
	DiamId_t source = NULL;
	if (runtime == NULL || !may_tell(&troubles, &lost))
		return;
	if (peer != NULL)
		source = peer->info.pi_diamid;
	else if (msg != NULL)
		fd_msg_source_get(msg, &source, NULL);
	const char *event = type == HOOK_MESSAGE_DROPPED         ? "message.dropped"
			    : type == HOOK_MESSAGE_ROUTING_ERROR ? "message.unroutable"
								 : "message.refused";
	/* For a message that could not be parsed, `other` is the octets and not a text. */
	const char *cause = other != NULL && msg != NULL ? other : "it could not be parsed";
	chg_log_event(chg_runtime_log(runtime), CHG_LOG_INFO, "%s host=%s cause=%s untold=%u",
		event, source, cause, lost);
}

int chg_peer_start(struct chg_runtime *runtime)
{
	atomic_store(&peers.runtime, runtime);
	int error = fd_peer_validate_register(validate);
	if (error == 0)
		error = fd_hook_register(
			HOOK_MASK(HOOK_PEER_CONNECT_FAILED, HOOK_PEER_CONNECT_SUCCESS), on_peer,
			NULL, NULL, &peers.on_peer);
	if (error == 0)
		error = fd_hook_register(HOOK_MASK(HOOK_MESSAGE_RECEIVED), on_leaving, NULL, NULL,
			&peers.on_leaving);
	if (error == 0)
		error = fd_hook_register(
			HOOK_MASK(HOOK_MESSAGE_PARSING_ERROR, HOOK_MESSAGE_PARSING_ERROR2,
				HOOK_MESSAGE_ROUTING_ERROR, HOOK_MESSAGE_DROPPED),
			on_trouble, NULL, NULL, &peers.on_trouble);
	return error;
}

void chg_peer_stop(void)
{
	atomic_store(&peers.runtime, NULL);
}
