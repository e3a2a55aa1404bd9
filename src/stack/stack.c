/* SPDX-License-Identifier: BSD-3-Clause
 * The hooks into freeDiameter, and what they do.
 */
#include "stack/stack.h"

#include <assert.h>
#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app/engine.h"
#include "runtime/config.h"
#include "runtime/log.h"
#include "runtime/runtime.h"
#include "stack/connection.h"
#include "stack/direct.h"
#include "stack/peer.h"
#include "stack/shell.h"

/* What the library keeps with a message for us, until the message is freed. */
struct fd_hook_permsgdata {
	struct carried *carried;
};

static struct {
	pthread_mutex_t lock;
	unsigned int users;
	struct chg_runtime *runtime;
	struct dict_object *shell_avp;
	struct chg_view realm;
	uint32_t inflight_max;
	struct fd_hook_hdl *on_data, *on_message, *on_sending, *on_quiet;
	pthread_t keeper;
	bool has_keeper;
	atomic_bool is_stopping;
} stack = { .lock = PTHREAD_MUTEX_INITIALIZER };

enum {
	KEEPER_TICK_MS = 50,
	TELL_MS = 1000,
	/* Octets given back since the C library looked for pages. */
	TRIM_FROM = 1024 * 1024,
	/* A receiver that has waited so long for room goes on all the same. */
	ROOM_MS = 10000,
};

/* A message was received: runs in the receiver thread of its connection, before any parsing. */
static void on_data(enum fd_hook_type type, struct msg *msg, struct peer_hdr *peer, void *other,
	struct fd_hook_permsgdata *pmd, void *regdata)
{
	(void)type, (void)msg, (void)peer, (void)pmd, (void)regdata;
	struct fd_cnx_rcvdata *received = other;
	struct chg_view message = { (const char *)received->buffer, received->length };
	uint8_t ticket[CHG_SHELL_TICKET_SIZE] = { 0 };

	if (!chg_shell_is_charging(message)) {
		struct chg_view same = message;
		chg_shell_make(same, received->buffer, stack.realm, ticket);
		return;
	}
	connection_wait_for_room(stack.inflight_max, ROOM_MS);
	struct carried *carried = connection_carry(message, ticket);
	if (carried == NULL) {
		received->buffer[0] = 0; /* no memory: only this connection suffers */
		return;
	}
	struct chg_view content = { (const char *)carried->bytes, carried->len };
	if (chg_shell_make(content, received->buffer, stack.realm, ticket) == CHG_SHELL_MADE)
		return;
	carried = connection_claim(ticket, sizeof ticket);
	connection_release(carried);
}

/* The AVP of ours in a request's shell, its value read; NULL when there is none. */
static struct avp_hdr *shell_avp_of(struct msg *msg)
{
	struct avp *avp = NULL;
	struct avp_hdr *header = NULL;
	if (fd_msg_search_avp(msg, stack.shell_avp, &avp) != 0 || avp == NULL ||
		fd_msg_avp_hdr(avp, &header) != 0 || header->avp_value == NULL ||
		header->avp_value->os.len < sizeof(struct carried *))
		return NULL;
	return header;
}

static bool is_charging_request(struct msg *msg)
{
	struct msg_hdr *header;
	return fd_msg_hdr(msg, &header) == 0 && (header->msg_flags & CMD_FLAG_REQUEST) != 0 &&
	       (header->msg_code == 271 || header->msg_code == 272);
}

/*
 * The library has made a message of the octets: the content joins it, to be freed with it.  The
 * ticket in the shell becomes the address of the content, for chg_stack_content.
 */
static void on_message(enum fd_hook_type type, struct msg *msg, struct peer_hdr *peer, void *other,
	struct fd_hook_permsgdata *pmd, void *regdata)
{
	(void)type, (void)peer, (void)other, (void)regdata;
	if (!is_charging_request(msg))
		return;
	struct avp_hdr *header = shell_avp_of(msg);
	if (header == NULL)
		return;
	struct carried *carried = NULL;
	if (pmd != NULL && pmd->carried == NULL)
		carried = connection_claim(header->avp_value->os.data, header->avp_value->os.len);
	if (pmd != NULL && carried != NULL)
		pmd->carried = carried;
	memcpy(header->avp_value->os.data, &carried, sizeof carried);
}

static void on_message_freed(struct fd_hook_permsgdata *pmd)
{
	if (pmd->carried != NULL)
		connection_release(pmd->carried);
}

static struct carried *carried_of(struct msg *request)
{
	struct carried *carried = NULL;
	struct avp_hdr *header = shell_avp_of(request);
	if (header != NULL)
		memcpy(&carried, header->avp_value->os.data, sizeof carried);
	return carried;
}

struct chg_view chg_stack_content(struct msg *request)
{
	struct carried *carried = carried_of(request);
	if (carried == NULL)
		return (struct chg_view){ 0 };
	return (struct chg_view){ (const char *)carried->bytes, carried->len };
}

void chg_stack_drop(struct msg *request)
{
	fd_msg_free(request);
}

void chg_stack_answer(struct msg *request, uint8_t *bytes, size_t len)
{
	struct carried *carried = carried_of(request);
	struct msg *answer = NULL;
	if (carried == NULL || fd_msg_parse_buffer(&bytes, len, &answer) != 0) {
		free(bytes);
		fd_msg_free(request);
		return;
	}
	/* From here the answer owns the request; both go when the answer is freed. */
	int error = fd_msg_answ_associate(answer, request);
	assert(error == 0);
	(void)error;
	connection_answer(carried, answer);
}

/* The library dumps each message under a global lock when a hook has no callback.  Measured. */
static void on_quiet(enum fd_hook_type type, struct msg *msg, struct peer_hdr *peer, void *other,
	struct fd_hook_permsgdata *pmd, void *regdata)
{
	(void)type, (void)msg, (void)peer, (void)other, (void)pmd, (void)regdata;
}

/*
 * the library forgets the P bit of a request in the answers that it makes by itself.  This is
 * the last moment before they leave.
 */
static void on_sending(enum fd_hook_type type, struct msg *msg, struct peer_hdr *peer, void *other,
	struct fd_hook_permsgdata *pmd, void *regdata)
{
	(void)type, (void)peer, (void)other, (void)pmd, (void)regdata;
	struct msg *request = NULL;
	struct msg_hdr *answer_header, *request_header;
	if (fd_msg_hdr(msg, &answer_header) != 0 ||
		(answer_header->msg_flags & CMD_FLAG_REQUEST) != 0 ||
		fd_msg_answ_getq(msg, &request) != 0 || request == NULL ||
		fd_msg_hdr(request, &request_header) != 0)
		return;
	answer_header->msg_flags &= (uint8_t)~CMD_FLAG_PROXIABLE;
	answer_header->msg_flags |= request_header->msg_flags & CMD_FLAG_PROXIABLE;
}

static void nap(long milliseconds)
{
	nanosleep(&(struct timespec){ .tv_sec = milliseconds / 1000,
			  .tv_nsec = milliseconds % 1000 * 1000000 },
		NULL);
}

/* What is counted elsewhere, told to the meters from time to time. */
struct told {
	uint64_t held;
	uint64_t direct;
};

static void tell(const struct chg_meters *meters, struct told *told)
{
	struct direct_figures direct = direct_figures();
	uint64_t held = connection_held_total() + direct.held;
	meters->set(meters->self, CHG_METER_PEERS_OPEN, chg_peer_count_open());
	meters->set(
		meters->self, CHG_METER_REQUESTS_IN_WORK, connection_in_work() + direct.in_work);
	meters->add(meters->self, CHG_METER_ANSWERS_HELD, held - told->held);
	meters->add(meters->self, CHG_METER_REQUESTS_DIRECT, direct.taken - told->direct);
	*told = (struct told){ .held = held, .direct = direct.taken };
}

static int64_t steady_ms(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

/*
 * What a rush has left lies between what is still in use: the C library keeps it until it is told to
 * look for whole pages.
 */
static void give_memory_back(size_t *owed)
{
	*owed += direct_shrink();
	if (*owed < TRIM_FROM)
		return;
	malloc_trim(0);
	*owed = 0;
}

/*
 * Looks after what no event announces: peers that become open again, and how many are open; after
 * answers that their peers have not taken yet; and after memory that nobody needs any more.
 */
static void *keeper_main(void *arg)
{
	(void)arg;
	struct chg_meters meters = chg_runtime_meters(stack.runtime);
	struct told told = { 0 };
	int64_t tell_at = 0;
	size_t owed = 0;
	while (!atomic_load(&stack.is_stopping)) {
		connection_retry();
		if (steady_ms() >= tell_at) {
			tell(&meters, &told);
			give_memory_back(&owed);
			tell_at = steady_ms() + TELL_MS;
		}
		direct_keep(KEEPER_TICK_MS);
	}
	return NULL;
}

static enum chg_rc add_listener(const char *address, char *reterr_why, size_t why_size)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICHOST,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int error = getaddrinfo(address, NULL, &hints, &found);
	if (error != 0) {
		snprintf(reterr_why, why_size,
			"diameter.listen: \"%s\": %s; give a numeric address", address,
			gai_strerror(error));
		return CHG_E_CONFIG;
	}
	/* The library drops loopback addresses of its own file without a word and binds all. */
	error = fd_ep_add_merge(&fd_g_config->cnf_endpoints, found->ai_addr, found->ai_addrlen,
		EP_FL_CONF | EP_ACCEPTALL);
	freeaddrinfo(found);
	if (error == 0)
		return CHG_OK;
	snprintf(reterr_why, why_size, "diameter.listen: freeDiameter does not take \"%s\"",
		address);
	return CHG_E_SYSTEM;
}

static enum chg_rc add_listeners(const struct chg_config *config, char *reterr_why, size_t why_size)
{
	for (size_t i = 0; i < config->diameter_listen.count; i++) {
		enum chg_rc rc =
			add_listener(config->diameter_listen.item[i], reterr_why, why_size);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

/* The shell's AVP has to be known as a text of octets, so that the library hands its value out. */
static int add_shell_avp(void)
{
	struct dict_avp_data data = { .avp_code = CHG_SHELL_CODE,
		.avp_name = "Charging-Content",
		.avp_flag_mask = AVP_FLAG_VENDOR,
		.avp_basetype = AVP_TYPE_OCTETSTRING };
	return fd_dict_new(fd_g_config->cnf_dict, DICT_AVP, &data, NULL, &stack.shell_avp);
}

static int add_hooks(void)
{
	struct fd_hook_data_hdl *per_message;
	int error = fd_hook_data_register(
		sizeof(struct fd_hook_permsgdata), NULL, on_message_freed, &per_message);
	if (error == 0)
		error = fd_hook_register(
			HOOK_MASK(HOOK_DATA_RECEIVED), on_data, NULL, NULL, &stack.on_data);
	if (error == 0)
		error = fd_hook_register(HOOK_MASK(HOOK_MESSAGE_RECEIVED), on_message, NULL,
			per_message, &stack.on_message);
	if (error == 0)
		error = fd_hook_register(
			HOOK_MASK(HOOK_MESSAGE_SENDING), on_sending, NULL, NULL, &stack.on_sending);
	if (error == 0)
		error = fd_hook_register(
			HOOK_MASK(HOOK_MESSAGE_LOCAL, HOOK_MESSAGE_SENT, HOOK_MESSAGE_ROUTING_LOCAL,
				HOOK_MESSAGE_ROUTING_FORWARD),
			on_quiet, NULL, NULL, &stack.on_quiet);
	return error;
}

static enum chg_rc start(struct chg_runtime *runtime, char *reterr_why, size_t why_size)
{
	const struct chg_config *config = chg_runtime_config(runtime);
	stack.runtime = runtime;
	stack.inflight_max = config->peer_inflight_max;
	stack.realm = (struct chg_view){ (const char *)fd_g_config->cnf_diamrlm,
		fd_g_config->cnf_diamrlm_len };
	fd_g_config->cnf_orstateid = chg_runtime_state_id(runtime);

	enum chg_rc rc = add_listeners(config, reterr_why, why_size);
	if (rc != CHG_OK)
		return rc;
	if (add_shell_avp() != 0 || add_hooks() != 0 || chg_peer_start(runtime) != 0) {
		snprintf(reterr_why, why_size,
			"freeDiameter refused a hook or a dictionary entry; is another extension "
			"loaded that uses HOOK_DATA_RECEIVED?");
		return CHG_E_SYSTEM;
	}
	struct chg_plain_own own = { .host = { fd_g_config->cnf_diamid,
					     fd_g_config->cnf_diamid_len },
		.realm = stack.realm };
	if (!direct_start(&own, stack.inflight_max)) {
		snprintf(reterr_why, why_size,
			"no descriptor is left; raise the limit of open files");
		return CHG_E_SYSTEM;
	}
	chg_engine_set_turn_done(chg_runtime_engine(runtime), direct_turn_done, NULL);
	if (pthread_create(&stack.keeper, NULL, keeper_main, NULL) != 0) {
		snprintf(reterr_why, why_size, "no thread could be made");
		return CHG_E_SYSTEM;
	}
	stack.has_keeper = true;
	return CHG_OK;
}

enum chg_rc chg_stack_start(struct chg_runtime *runtime, char *reterr_why, size_t why_size)
{
	pthread_mutex_lock(&stack.lock);
	enum chg_rc rc = CHG_OK;
	if (stack.users == 0)
		rc = start(runtime, reterr_why, why_size);
	if (rc == CHG_OK)
		stack.users++;
	pthread_mutex_unlock(&stack.lock);
	return rc;
}

void chg_stack_set_peer_queue(uint32_t messages)
{
	connection_set_posted_max(messages + 1); /* and one is being written */
}

bool chg_stack_drain(unsigned int timeout_ms)
{
	for (unsigned int waited = 0; connection_in_work() > 0 || direct_is_busy(); waited += 5) {
		if (waited >= timeout_ms)
			return false;
		nap(5);
	}
	return true;
}

void chg_stack_stop(void)
{
	pthread_mutex_lock(&stack.lock);
	if (stack.users > 0 && --stack.users == 0) {
		atomic_store(&stack.is_stopping, true);
		if (stack.has_keeper)
			pthread_join(stack.keeper, NULL);
		stack.has_keeper = false;
		chg_peer_stop();
		/* The hooks stay: messages may be freed after us, and the library ends with them. */
	}
	pthread_mutex_unlock(&stack.lock);
}
