/* SPDX-License-Identifier: BSD-3-Clause
 * Any octets as an Accounting-Request: a request or a refusal, and an answer to whatever has a
 * header.
 */
#include <assert.h>
#include <stdlib.h>

#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct chg_identity self = {
	.origin_host = { "cdf.example.net", 15 },
	.origin_realm = { "example.net", 11 },
	.origin_state_id = 1,
};

static bool is_inside(struct chg_view part, struct chg_view whole)
{
	return part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len;
}

/* The room that the extension gives to an answer: it has to do. */
static struct chg_out answer_room(struct chg_view request)
{
	size_t size = 2 * request.len + CHG_ANSWER_MAX - CHG_MESSAGE_MAX;
	return chg_out_of(malloc(size), size);
}

static void check_answer(struct chg_out *out, enum chg_rc rc)
{
	assert(rc == CHG_OK);
	struct chg_header header;
	struct chg_view answer = { (const char *)out->bytes, out->len };
	rc = chg_header_read(answer, &header);
	assert(rc == CHG_OK);
	assert((header.flags & (CHG_COMMAND_FLAG_REQUEST | CHG_COMMAND_FLAG_RETRANSMITTED)) == 0);
	unsigned int results = 0;
	struct chg_avp_walk walk = chg_avp_walk_message(answer);
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp))
		results += avp.is_known && avp.id == CHG_AVP_RESULT_CODE;
	assert(!walk.is_broken && results == 1);
	free(out->bytes);
}

static void check_taken(const struct chg_acr *acr, struct chg_view request)
{
	assert(acr->type >= CHG_RECORD_EVENT && acr->type <= CHG_RECORD_STOP);
	assert(acr->session_id.len > 0 && is_inside(acr->session_id, request));
	assert(acr->origin_host.len > 0 && is_inside(acr->origin_host, request));
	assert(acr->origin_realm.len > 0 && is_inside(acr->origin_realm, request));
	assert(acr->party_count <= CHG_PARTY_MAX && acr->participant_count <= CHG_PARTICIPANT_MAX);
	assert(acr->content.len >= 2 && acr->content.ptr[0] == '{');
	assert(acr->content.ptr[acr->content.len - 1] == '}');
	assert(chg_utf8_valid(acr->content));
}

static void read_and_answer(struct chg_view request, enum chg_strictness strictness)
{
	struct chg_scratch scratch = { 0 };
	struct chg_acr acr;
	struct chg_fault fault = { 0 };
	struct chg_echo echo;
	enum chg_rc rc = chg_wire_read_acr(request, strictness, &scratch, &acr, &fault);
	bool has_header = chg_echo_read(request, &echo) == CHG_OK;
	assert(rc == CHG_OK || fault.result_code >= 3000);
	assert(rc != CHG_OK || has_header);

	struct chg_out out = answer_room(request);
	if (rc == CHG_OK) {
		struct chg_aca aca = { .result_code = CHG_ANSWER_SUCCESS,
			.interim_interval_s = { true, 300 } };
		check_taken(&acr, request);
		check_answer(&out, chg_wire_write_aca(&echo, &self, &aca, &out));
	} else if (has_header) {
		check_answer(&out, chg_wire_write_fault(request, &self, &fault, &out));
	} else {
		rc = chg_wire_write_fault(request, &self, &fault, &out);
		assert(rc == CHG_E_SYNTAX);
		free(out.bytes);
	}
	chg_scratch_release(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct chg_view raw = { (const char *)bytes, size };
	read_and_answer(raw, CHG_LENIENT);
	if (size < CHG_HEADER_SIZE || size > CHG_MESSAGE_MAX)
		return 0;

	/* The same with a header that fits, so that the fuzzer need not guess it. */
	uint8_t *copy = malloc(size);
	memcpy(copy, bytes, size);
	copy[0] = 1;
	copy[1] = (uint8_t)(size >> 16);
	copy[2] = (uint8_t)(size >> 8);
	copy[3] = (uint8_t)size;
	struct chg_view mended = { (const char *)copy, size };
	read_and_answer(mended, CHG_LENIENT);
	read_and_answer(mended, CHG_STRICT);
	free(copy);
	return 0;
}
