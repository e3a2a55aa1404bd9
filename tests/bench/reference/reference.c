/* SPDX-License-Identifier: BSD-3-Clause
 * A request in, an answer out, by the public interface of freeDiameter 1.2.1.
 */
#include "reference.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/runtime.h"

/* Only there in charging-enabler. */
extern __typeof__(chg_runtime_acquire) chg_runtime_acquire __attribute__((weak));
extern __typeof__(chg_runtime_release) chg_runtime_release __attribute__((weak));

enum {
	SUCCESS = 2001,
	UNABLE_TO_COMPLY = 5012,
	CODE_SESSION_ID = 263,
	CODE_ORIGIN_HOST = 264,
	CODE_ORIGIN_REALM = 296,
	CODE_DESTINATION_REALM = 283,
	CODE_EVENT_TIMESTAMP = 55,
	CODE_SERVICE_CONTEXT_ID = 461,
	CODE_RESULT_CODE = 268,
};

/* The two commands: what carries type, number and application. */
static struct command {
	uint32_t code;
	uint32_t application;
	uint32_t type_code, number_code, application_code;
	struct dict_object *type, *number, *application_id;
	struct disp_hdl *handle;
} commands[] = {
	{ .code = 271,
		.application = 3,
		.type_code = 480,
		.number_code = 485,
		.application_code = 259 },
	{ .code = 272,
		.application = 4,
		.type_code = 416,
		.number_code = 415,
		.application_code = 258 },
};

static struct dict_object *result_code;
static bool (*keep_request)(const struct reference_request *request);
static struct chg_runtime *runtime;

/* One walk over the request's own AVPs. */
static void read_request(
	const struct command *command, struct msg *message, struct reference_request *ret)
{
	*ret = (struct reference_request){ .message = message,
		.application = command->application };
	const struct {
		uint32_t code;
		const union avp_value **to;
	} wanted[] = { { CODE_SESSION_ID, &ret->session_id }, { command->type_code, &ret->type },
		{ command->number_code, &ret->number }, { CODE_ORIGIN_HOST, &ret->origin_host },
		{ CODE_ORIGIN_REALM, &ret->origin_realm },
		{ CODE_DESTINATION_REALM, &ret->destination_realm },
		{ CODE_EVENT_TIMESTAMP, &ret->event_time },
		{ CODE_SERVICE_CONTEXT_ID, &ret->context } };
	struct avp *avp = NULL;
	struct avp_hdr *header;

	(void)fd_msg_browse(message, MSG_BRW_FIRST_CHILD, &avp, NULL);
	while (avp != NULL && fd_msg_avp_hdr(avp, &header) == 0) {
		for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
			if (header->avp_code == wanted[i].code && header->avp_vendor == 0)
				*wanted[i].to = header->avp_value;
		if (fd_msg_browse(avp, MSG_BRW_NEXT, &avp, NULL) != 0)
			break;
	}
}

static int add(struct msg *answer, struct dict_object *model, const union avp_value *value)
{
	struct avp *avp;
	union avp_value copy;

	if (value == NULL)
		return 0;
	copy = *value;
	int error = fd_msg_avp_new(model, 0, &avp);
	if (error == 0)
		error = fd_msg_avp_setvalue(avp, &copy);
	if (error == 0)
		error = fd_msg_avp_add(answer, MSG_BRW_LAST_CHILD, avp);
	return error;
}

/* Turns the request into its answer and sends it. */
static int answer_request(struct msg **message, const struct command *command,
	const struct reference_request *request, uint32_t result)
{
	const union avp_value code = { .u32 = result };
	const union avp_value application = { .u32 = command->application };

	int error = fd_msg_new_answer_from_req(fd_g_config->cnf_dict, message, 0);
	if (error == 0)
		error = add(*message, result_code, &code);
	if (error == 0)
		error = fd_msg_add_origin(*message, 0);
	if (error == 0)
		error = add(*message, command->application_id, &application);
	if (error == 0)
		error = add(*message, command->type, request->type);
	if (error == 0)
		error = add(*message, command->number, request->number);
	if (error == 0)
		error = fd_msg_send(message, NULL, NULL);
	return error;
}

static int on_request(struct msg **message, struct avp *avp, struct session *session, void *opaque,
	enum disp_action *action)
{
	(void)avp, (void)session, (void)action;
	const struct command *command = opaque;
	struct reference_request request;
	struct msg_hdr *header;

	if (fd_msg_hdr(*message, &header) != 0 || (header->msg_flags & CMD_FLAG_REQUEST) == 0)
		return 0;
	read_request(command, *message, &request);
	bool is_kept = keep_request == NULL || keep_request(&request);
	return answer_request(message, command, &request, is_kept ? SUCCESS : UNABLE_TO_COMPLY);
}

static int admit_everybody(struct peer_info *info, int *auth, int (**cb2)(struct peer_info *))
{
	(void)cb2;
	info->config.pic_flags.sec = PI_SEC_NONE;
	*auth = 1;
	return 0;
}

static int find_avp(uint32_t code, struct dict_object **ret)
{
	return fd_dict_search(fd_g_config->cnf_dict, DICT_AVP, AVP_BY_CODE, &code, ret, ENOENT);
}

static int serve(struct command *command)
{
	struct dict_object *application = NULL;
	struct disp_when when = { 0 };
	command_code_t code = command->code;

	int error = fd_dict_search(fd_g_config->cnf_dict, DICT_APPLICATION, APPLICATION_BY_ID,
		&command->application, &application, ENOENT);
	if (error == 0)
		error = fd_dict_search(fd_g_config->cnf_dict, DICT_COMMAND, CMD_BY_CODE_R, &code,
			&when.command, ENOENT);
	if (error == 0)
		error = find_avp(command->type_code, &command->type);
	if (error == 0)
		error = find_avp(command->number_code, &command->number);
	if (error == 0)
		error = find_avp(command->application_code, &command->application_id);
	if (error == 0)
		error = fd_disp_register(on_request, DISP_HOW_CC, &when, command, &command->handle);
	if (error == 0)
		error = fd_disp_app_support(
			application, NULL, command->application == 4, command->application == 3);
	return error;
}

/* The library drops a loopback address of its own file and would listen on every address. */
static int listen_on_loopback(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return fd_ep_add_merge(&fd_g_config->cnf_endpoints, (sSA *)&address, sizeof address,
		EP_FL_CONF | EP_ACCEPTALL);
}

/* ---- In charging-enabler only ------------------------------------------------------------- */

static void log_to_library(void *self, enum chg_log_level level, const char *line)
{
	(void)self, (void)level;
	fd_log(FD_LOG_NOTICE, "%s", line);
}

static void on_quiet(enum fd_hook_type type, struct msg *msg, struct peer_hdr *peer, void *other,
	struct fd_hook_permsgdata *pmd, void *regdata)
{
	(void)type, (void)msg, (void)peer, (void)other, (void)pmd, (void)regdata;
}

static void on_peer(enum fd_hook_type type, struct msg *msg, struct peer_hdr *peer, void *other,
	struct fd_hook_permsgdata *pmd, void *regdata)
{
	(void)type, (void)msg, (void)other, (void)pmd, (void)regdata;
	char text[64];
	int fd, on = 1;

	if (peer == NULL || fd_peer_cnx_proto_info(peer, text, sizeof text) != 0)
		return;
	const char *number = strstr(text, "soc#");
	if (number != NULL && sscanf(number, "soc#%d", &fd) == 1)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int be_at_home(const char *config)
{
	static struct fd_hook_hdl *quiet, *nodelay;
	char why[CHG_RUNTIME_WHY_MAX] = "";
	struct chg_log log = { .write = log_to_library };

	if (chg_runtime_acquire == NULL)
		return ENOSYS;
	if (chg_runtime_acquire(config, log, &runtime, why, sizeof why) != CHG_OK) {
		fd_log(FD_LOG_ERROR, "%s", why);
		return EINVAL;
	}
	int error =
		fd_hook_register(HOOK_MASK(HOOK_MESSAGE_RECEIVED, HOOK_MESSAGE_LOCAL,
					 HOOK_MESSAGE_SENDING, HOOK_MESSAGE_SENT,
					 HOOK_MESSAGE_ROUTING_LOCAL, HOOK_MESSAGE_ROUTING_FORWARD),
			on_quiet, NULL, NULL, &quiet);
	if (error == 0)
		error = fd_hook_register(
			HOOK_MASK(HOOK_PEER_CONNECT_SUCCESS), on_peer, NULL, NULL, &nodelay);
	return error;
}

/* ------------------------------------------------------------------------------------------- */

int reference_start(const char *config, bool (*keep)(const struct reference_request *request))
{
	keep_request = keep;
	int error = find_avp(CODE_RESULT_CODE, &result_code);
	if (error == 0)
		error = listen_on_loopback();
	if (error == 0)
		error = fd_peer_validate_register(admit_everybody);
	for (size_t i = 0; error == 0 && i < sizeof commands / sizeof commands[0]; i++)
		error = serve(&commands[i]);
	if (error == 0 && config != NULL && config[0] != '\0')
		error = be_at_home(config);
	return error;
}

void reference_stop(void)
{
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (commands[i].handle != NULL)
			(void)fd_disp_unregister(&commands[i].handle, NULL);
	if (runtime != NULL)
		chg_runtime_release(runtime);
}
