/* SPDX-License-Identifier: BSD-3-Clause
 * Any octets as a Credit-Control-Request: a request or a refusal, and an answer to whatever has a
 * header.
 */
#include <assert.h>
#include <stdlib.h>

#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct chg_identity self = {
	.origin_host = { "ocs.example.net", 15 },
	.origin_realm = { "example.net", 11 },
	.origin_state_id = 1,
};

/* The room that the extension gives to an answer: it has to do. */
static struct chg_out answer_room(struct chg_view request, size_t kept)
{
	size_t size = 2 * request.len + kept + CHG_ANSWER_MAX - CHG_MESSAGE_MAX;
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

static void check_units(const struct chg_units *units)
{
	for (size_t i = 0; i < CHG_UNIT_COUNT; i++)
		assert(units->is_present || !units->of[i].is_present);
	assert(!units->has_money || units->money.micros >= 0);
}

static void check_taken(const struct chg_ccr *ccr)
{
	assert(ccr->type >= CHG_CC_INITIAL && ccr->type <= CHG_CC_EVENT);
	assert(ccr->action.is_present == (ccr->type == CHG_CC_EVENT));
	assert(ccr->data.session_id.len > 0);
	assert(chg_utf8_valid(ccr->data.service_context_id));
	assert(chg_utf8_valid(ccr->data.content));
	assert(ccr->identity_count <= CHG_IDENTITY_MAX);
	for (size_t i = 0; i < ccr->identity_count; i++) {
		struct chg_view key = { ccr->identity[i].key.bytes, ccr->identity[i].key.len };
		assert(key.len > 0 && chg_utf8_valid(key));
	}
	assert(ccr->service_count >= 1 && ccr->service_count <= CHG_SERVICE_MAX);
	for (size_t i = 0; i < ccr->service_count; i++) {
		const struct chg_service_ask *service = &ccr->service[i];
		assert(service->service_id_count <= CHG_SERVICE_ID_MAX);
		assert(service->used_count <= CHG_USED_MAX);
		check_units(&service->requested);
		for (size_t used = 0; used < service->used_count; used++)
			check_units(&service->used[used].units);
	}
}

/* An answer with all that one can hold; what it blames is chosen by the input. */
static struct chg_cca full_answer(const struct chg_ccr *ccr, size_t choice)
{
	struct chg_cca cca = { .result_code =
				       choice % 3 == 0 ? CHG_CC_RATING_FAILED : CHG_CC_SUCCESS,
		.culprit = (enum chg_cc_culprit)(choice % (CHG_CULPRIT_NUMBER + 1)),
		.culprit_service = choice % ccr->service_count,
		.service_count = ccr->service_count,
		.has_cost = true,
		.cost = { -1 },
		.currency = { 978 } };
	for (size_t i = 0; i < ccr->service_count; i++) {
		struct chg_service_reply *reply = &cca.service[i];
		reply->result_code = CHG_CC_SUCCESS;
		reply->granted = ccr->service[i].requested;
		reply->validity_s = (chg_opt_u32){ true, 3600 };
		reply->is_final = true;
	}
	return cca;
}

static void answer_taken(struct chg_view request, const struct chg_ccr *ccr)
{
	struct chg_cca cca = full_answer(ccr, request.len / 4);
	uint8_t *kept = malloc(CHG_MESSAGE_MAX);
	struct chg_out body = chg_out_of(kept, CHG_MESSAGE_MAX);
	struct chg_echo echo;
	enum chg_rc rc = chg_echo_read(request, &echo);
	assert(rc == CHG_OK);
	rc = chg_wire_write_cca_body(&echo, &self, ccr, &cca, &body);
	assert(rc == CHG_OK || rc == CHG_E_RANGE);
	if (rc == CHG_OK) {
		struct chg_view view = { (const char *)kept, body.len };
		struct chg_out out = answer_room(request, body.len);
		rc = chg_wire_write_cca_from_body(&echo, view, &out);
		assert(rc != CHG_OK || out.len <= CHG_MESSAGE_MAX);
		check_answer(&out, rc);
	}
	free(kept);
}

static void read_and_answer(struct chg_view request, enum chg_strictness strictness)
{
	struct chg_scratch scratch = { 0 };
	static struct chg_ccr ccr;
	struct chg_fault fault = { 0 };
	struct chg_header header;
	enum chg_rc rc = chg_wire_read_ccr(request, strictness, &scratch, &ccr, &fault);
	bool has_header = chg_header_read(request, &header) == CHG_OK;
	assert(rc == CHG_OK || fault.result_code >= 3000);
	assert(rc != CHG_OK || has_header);
	if (rc == CHG_OK) {
		check_taken(&ccr);
		answer_taken(request, &ccr);
	} else if (has_header) {
		struct chg_out out = answer_room(request, 0);
		check_answer(&out, chg_wire_write_fault(request, &self, &fault, &out));
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
