/* SPDX-License-Identifier: BSD-3-Clause
 * Messages as text that people read, and back.
 */
#include "golden/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "wire/avp.h"

enum {
	DEPTH_MAX = 16,
	INDENT = 2,
	WORD_MAX = 128,
};

/* ---- Writing ------------------------------------------------------------------------------------ */

static void write_quoted(struct chg_view text, FILE *to)
{
	fputc('"', to);
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = (uint8_t)text.ptr[i];
		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			fprintf(to, "\\x%02x", c);
		else
			fputc(c, to);
	}
	fputc('"', to);
}

static void write_hex(struct chg_view data, FILE *to)
{
	fputs("0x", to);
	for (size_t i = 0; i < data.len; i++)
		fprintf(to, "%02x", (uint8_t)data.ptr[i]);
}

static void write_time(chg_instant at, FILE *to)
{
	char text[32];
	struct tm tm;
	time_t seconds = (time_t)(at.us / CHG_US_PER_S);
	gmtime_r(&seconds, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	fputs(text, to);
}

static void write_number(const struct chg_raw_avp *avp, enum chg_avp_type type, FILE *to)
{
	uint32_t u32 = 0;
	uint64_t u64 = 0;
	chg_instant at = { 0 };
	const char *name = NULL;
	if (avp->data.len == 8 && chg_avp_u64(avp, &u64)) {
		fprintf(to, "%" PRIu64, u64);
		return;
	}
	chg_avp_u32(avp, &u32);
	if (type == CHG_TYPE_ENUMERATED || type == CHG_TYPE_I32)
		fprintf(to, "%" PRId32, (int32_t)u32);
	else
		fprintf(to, "%" PRIu32, u32);
	if (type == CHG_TYPE_TIME && chg_avp_time(avp, &at)) {
		fputc(' ', to);
		write_time(at, to);
	}
	name = avp->id == CHG_AVP_RESULT_CODE ? chg_result_name(u32)
					      : chg_dict_enum_name(avp->id, (int32_t)u32);
	if (name != NULL)
		fprintf(to, " %s", name);
}

static bool is_number(const struct chg_raw_avp *avp, enum chg_avp_type type)
{
	switch (type) {
	case CHG_TYPE_ENUMERATED:
	case CHG_TYPE_I32:
	case CHG_TYPE_U32:
	case CHG_TYPE_TIME:
		return avp->data.len == 4;
	case CHG_TYPE_I64:
	case CHG_TYPE_U64:
		return avp->data.len == 8;
	default:
		return false;
	}
}

static bool is_text(enum chg_avp_type type)
{
	return type == CHG_TYPE_UTF8 || type == CHG_TYPE_IDENTITY || type == CHG_TYPE_URI ||
	       type == CHG_TYPE_FILTER;
}

/* A group is shown as one when its AVPs, written again, are the same octets. */
static bool is_whole_group(struct chg_view data)
{
	struct chg_avp_walk walk = chg_avp_walk_group(data);
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp))
		;
	return !walk.is_broken && data.len % 4 == 0;
}

static void write_avps(struct chg_avp_walk walk, int depth, FILE *to);

static void write_avp(const struct chg_raw_avp *avp, int depth, FILE *to)
{
	enum chg_avp_type type = avp->is_known ? chg_dict_row(avp->id)->type : CHG_TYPE_OCTETS;
	fprintf(to, "%*s", depth * INDENT, "");
	if (avp->is_known)
		fputs(chg_dict_row(avp->id)->name, to);
	else
		fprintf(to, "AVP-%" PRIu32 "-%" PRIu32, avp->vendor, avp->code);
	if ((avp->flags & CHG_AVP_FLAG_MUST) != 0)
		fputs(" M", to);
	if ((avp->flags & CHG_AVP_FLAG_PROTECTED) != 0)
		fputs(" P", to);
	if (type == CHG_TYPE_GROUPED && is_whole_group(avp->data) && depth < DEPTH_MAX) {
		fputc('\n', to);
		write_avps(chg_avp_walk_group(avp->data), depth + 1, to);
		return;
	}
	fputs(" = ", to);
	if (is_number(avp, type))
		write_number(avp, type, to);
	else if (is_text(type))
		write_quoted(avp->data, to);
	else
		write_hex(avp->data, to);
	fputc('\n', to);
}

static void write_avps(struct chg_avp_walk walk, int depth, FILE *to)
{
	struct chg_raw_avp avp;
	const uint8_t *rest = walk.at;
	while (chg_avp_next(&walk, &avp)) {
		write_avp(&avp, depth, to);
		rest = walk.at;
	}
	if (rest < walk.end) {
		fprintf(to, "%*sbytes = ", depth * INDENT, "");
		write_hex((struct chg_view){ (const char *)rest, (size_t)(walk.end - rest) }, to);
		fputc('\n', to);
	}
}

void golden_text_write(struct chg_view message, FILE *to)
{
	struct chg_header header;
	if (chg_header_read(message, &header) != CHG_OK) {
		fprintf(to, "%*sbytes = ", INDENT, "");
		write_hex(message, to);
		fputc('\n', to);
		return;
	}
	fprintf(to,
		"%*scommand %" PRIu32 " flags 0x%02x application %" PRIu32
		" hop-by-hop 0x%08" PRIx32 " end-to-end 0x%08" PRIx32 "\n",
		INDENT, "", header.command, header.flags, header.application, header.hop_by_hop,
		header.end_to_end);
	write_avps(chg_avp_walk_message(message), 1, to);
}

/* ---- Reading ------------------------------------------------------------------------------------- */

static bool complain(const char *line, const char *what)
{
	fprintf(stderr, "golden: %s: %.*s\n", what, (int)strcspn(line, "\n"), line);
	return false;
}

static bool read_hex_digits(const char *at, struct message *to)
{
	for (; isxdigit((unsigned char)at[0]) && isxdigit((unsigned char)at[1]); at += 2) {
		char digits[3] = { at[0], at[1], '\0' };
		uint8_t octet = (uint8_t)strtoul(digits, NULL, 16);
		message_raw(to, &octet, 1);
	}
	return *at == '\n' || *at == '\0';
}

static bool read_quoted(const char *at, struct message *to)
{
	for (; *at != '"' && *at != '\n' && *at != '\0'; at++) {
		uint8_t octet = (uint8_t)*at;
		if (at[0] == '\\' && at[1] == 'x') {
			char digits[3] = { at[2], at[3], '\0' };
			octet = (uint8_t)strtoul(digits, NULL, 16);
			at += 3;
		}
		message_raw(to, &octet, 1);
	}
	return *at == '"';
}

static bool read_value(const char *at, bool is_known, enum chg_avp id, struct message *to)
{
	if (strncmp(at, "0x", 2) == 0)
		return read_hex_digits(at + 2, to);
	if (*at == '"')
		return read_quoted(at + 1, to);
	enum chg_avp_type type = is_known ? chg_dict_row(id)->type : CHG_TYPE_OCTETS;
	size_t size = type == CHG_TYPE_I64 || type == CHG_TYPE_U64 ? 8 : 4;
	uint64_t value = *at == '-' ? (uint64_t)strtoll(at, NULL, 10) : strtoull(at, NULL, 10);
	uint8_t octets[8];
	for (size_t i = 0; i < size; i++)
		octets[i] = (uint8_t)(value >> 8 * (size - 1 - i));
	message_raw(to, octets, size);
	return isdigit((unsigned char)*at) || *at == '-';
}

struct frame {
	uint32_t code, vendor;
	uint8_t flags;
	size_t began;
};

/* Name and flags of a line; where its value begins, NULL when it is a group. */
static bool read_head(const char **at, struct frame *frame, bool *ret_known, enum chg_avp *ret_id,
	bool *ret_value)
{
	char name[WORD_MAX];
	size_t len = strcspn(*at, " \n");
	if (len == 0 || len >= sizeof name)
		return complain(*at, "no name");
	memcpy(name, *at, len);
	name[len] = '\0';
	*frame = (struct frame){ 0 };
	*ret_known = chg_dict_by_name(name, len, ret_id);
	if (*ret_known) {
		frame->code = chg_dict_row(*ret_id)->code;
		frame->vendor = chg_dict_row(*ret_id)->vendor;
	} else if (sscanf(name, "AVP-%" SCNu32 "-%" SCNu32, &frame->vendor, &frame->code) != 2) {
		return complain(*at, "no AVP of that name");
	}
	for (*at += len; **at == ' '; (*at) += 2) {
		if ((*at)[1] == 'M')
			frame->flags |= CHG_AVP_FLAG_MUST;
		else if ((*at)[1] == 'P')
			frame->flags |= CHG_AVP_FLAG_PROTECTED;
		else
			break;
	}
	*ret_value = strncmp(*at, " = ", 3) == 0;
	*at += *ret_value ? 3 : 0;
	return *ret_value || **at == '\n' || **at == '\0' ? true : complain(*at, "not understood");
}

/* Ends the groups that the next line no longer belongs to: their octets become their data. */
static void close_to(struct message *to, struct frame *frames, int *depth, int wanted)
{
	while (*depth > wanted) {
		const struct frame *frame = &frames[--*depth];
		static struct message data;
		message_begin(&data, 0, 0, 0);
		message_raw(&data, to->bytes + frame->began, to->len - frame->began);
		to->len = frame->began;
		message_avp(to, frame->code, frame->vendor, frame->flags, data.bytes + 20,
			data.len - 20);
	}
}

static bool read_line(const char *at, struct message *to, struct frame *frames, int *depth)
{
	static struct message value;
	bool is_known, has_value;
	enum chg_avp id;
	if (strncmp(at, "bytes = 0x", 10) == 0)
		return read_hex_digits(at + 10, to) ? true : complain(at, "no octets");
	struct frame *frame = &frames[*depth];
	if (!read_head(&at, frame, &is_known, &id, &has_value))
		return false;
	frame->began = to->len;
	if (!has_value) {
		(*depth)++;
		return true;
	}
	message_begin(&value, 0, 0, 0);
	if (!read_value(at, is_known, id, &value))
		return complain(at, "no value");
	message_avp(to, frame->code, frame->vendor, frame->flags, value.bytes + 20, value.len - 20);
	return true;
}

static bool read_header(const char *line, struct message *to)
{
	uint32_t command, flags, application, hop_by_hop, end_to_end;
	if (sscanf(line,
		    "command %" SCNu32 " flags %" SCNx32 " application %" SCNu32
		    " hop-by-hop %" SCNx32 " end-to-end %" SCNx32,
		    &command, &flags, &application, &hop_by_hop, &end_to_end) != 5)
		return complain(line, "no header");
	message_begin(to, (uint8_t)flags, command, application);
	for (int i = 0; i < 4; i++) {
		to->bytes[12 + i] = (uint8_t)(hop_by_hop >> (24 - 8 * i));
		to->bytes[16 + i] = (uint8_t)(end_to_end >> (24 - 8 * i));
	}
	return true;
}

bool golden_text_read(const char *text, struct message *ret)
{
	struct frame frames[DEPTH_MAX + 2];
	int depth = 0;
	bool has_header = false;
	for (; *text == ' '; text += strcspn(text, "\n"), text += *text == '\n') {
		size_t indent = strspn(text, " ");
		if (!has_header) {
			if (!read_header(text + indent, ret))
				return false;
			has_header = true;
			continue;
		}
		int wanted = (int)indent / INDENT - 1;
		if (wanted < 0 || wanted > depth || wanted > DEPTH_MAX)
			return complain(text, "a wrong indent");
		close_to(ret, frames, &depth, wanted);
		if (!read_line(text + indent, ret, frames, &depth))
			return false;
	}
	close_to(ret, frames, &depth, 0);
	return has_header ? true : complain(text, "no message");
}

/* ---- What a request was read as --------------------------------------------------------------------- */

#define VIEW(field)                                                                                \
	{                                                                                          \
#field, offsetof(struct chg_acr, field), 'v'                                       \
	}
#define U32(field)                                                                                 \
	{                                                                                          \
#field, offsetof(struct chg_acr, field), 'u'                                       \
	}
#define I32(field)                                                                                 \
	{                                                                                          \
#field, offsetof(struct chg_acr, field), 'i'                                       \
	}
#define U64(field)                                                                                 \
	{                                                                                          \
#field, offsetof(struct chg_acr, field), 'q'                                       \
	}
#define JSON(field)                                                                                \
	{                                                                                          \
#field, offsetof(struct chg_acr, field), 'c'                                       \
	}
#define TIME(field)                                                                                \
	{                                                                                          \
#field, offsetof(struct chg_acr, field), 't'                                       \
	}

static const struct {
	const char *name;
	size_t offset;
	char type;
} acr_fields[] = {
	VIEW(origin_host),
	VIEW(origin_realm),
	VIEW(session_id),
	U64(sub_session_id),
	VIEW(multi_session_id),
	VIEW(user_name),
	VIEW(service_context_id),
	TIME(event_time),
	U32(origin_state_id),
	U32(interim_interval_s),
	U32(realtime_required),
	U32(termination_cause),
	VIEW(application_server_id),
	I32(application_service_type),
	U32(application_session_id),
	VIEW(delivery_status),
	U32(messages_sent),
	U32(messages_exploded),
	U32(messages_sent_delivered),
	U32(messages_exploded_delivered),
	VIEW(icid),
	VIEW(call_id),
	VIEW(sip_method),
	VIEW(calling_party),
	VIEW(called_party),
	I32(cause_code),
	I32(role_of_node),
	I32(node_functionality),
	U64(content_octets),
	VIEW(group_name),
	U32(participants),
	JSON(content),
};

static void write_field(const void *field, const char *name, char type, FILE *to)
{
	const struct chg_view *view = field;
	bool is_view = type == 'v' || type == 'c';
	if (is_view ? !chg_view_present(*view) : !*(const bool *)field)
		return;
	fprintf(to, "%*s%s ", INDENT, "", name);
	if (type == 'v')
		write_quoted(*view, to);
	else if (type == 'c') /* JSON, which escapes what would end the line */
		fwrite(view->ptr, 1, view->len, to);
	else if (type == 'u')
		fprintf(to, "%" PRIu32, ((const chg_opt_u32 *)field)->value);
	else if (type == 'i')
		fprintf(to, "%" PRId32, ((const chg_opt_i32 *)field)->value);
	else if (type == 'q')
		fprintf(to, "%" PRIu64, ((const chg_opt_u64 *)field)->value);
	else
		write_time(((const chg_opt_instant *)field)->value, to);
	fputc('\n', to);
}

void golden_acr_write(const struct chg_acr *acr, FILE *to)
{
	fprintf(to, "%*s%s #%" PRIu32 "%s%s\n", INDENT, "", chg_record_type_text(acr->type),
		acr->number, acr->is_retransmission ? " retransmitted" : "",
		acr->is_unreadable ? " unreadable" : "");
	for (size_t i = 0; i < sizeof acr_fields / sizeof acr_fields[0]; i++)
		write_field((const char *)acr + acr_fields[i].offset, acr_fields[i].name,
			acr_fields[i].type, to);
	for (size_t i = 0; i < acr->party_count; i++) {
		fprintf(to, "%*sparty role %d ", INDENT, "", (int)acr->party[i].role);
		write_quoted(acr->party[i].text, to);
		fputc('\n', to);
	}
	for (size_t i = 0; i < acr->participant_count; i++) {
		fprintf(to, "%*sparticipant ", INDENT, "");
		write_quoted(acr->participant[i], to);
		fputc('\n', to);
	}
}
