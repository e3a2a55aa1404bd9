/* SPDX-License-Identifier: BSD-3-Clause
 * Any text ends in a script or in a sentence; every request of a script can be written or is refused.
 */
#include <assert.h>
#include <stdlib.h>

#include "chgplay/request.h"
#include "chgplay/script.h"

enum {
	REQUEST_MAX = 65535,
};

static void write_requests(const struct chg_script *script)
{
	static uint8_t bytes[REQUEST_MAX];
	static const struct chg_request_head head = { .session_id = CHG_VIEW("im1.example.net;1;1"),
		.origin_host = CHG_VIEW("im1.example.net"),
		.origin_realm = CHG_VIEW("example.net"),
		.destination_realm = CHG_VIEW("example.net"),
		.base = { INT64_C(1772366400) * CHG_US_PER_S },
		.event_time = { INT64_C(1772366400) * CHG_US_PER_S } };
	for (size_t i = 0; i < script->step_count && i < 16; i++) {
		struct chg_view path;
		size_t len = 0;
		if (script->step[i].kind != CHG_PLAY_SEND)
			continue;
		enum chg_rc rc = chg_request_write(
			script, &script->step[i], &head, bytes, sizeof bytes, &len, &path);
		assert(rc != CHG_OK || len >= 20);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size)
{
	char why[CHG_SCRIPT_WHY_MAX] = "";
	struct chg_script *script = malloc(sizeof *script);
	if (script == NULL)
		return 0;
	struct chg_view view = { (const char *)text, size };
	enum chg_rc rc = chg_script_parse(view, "fuzz.chg", script, why, sizeof why);
	if (rc == CHG_OK) {
		write_requests(script);
		chg_script_release(script);
	} else {
		assert(why[0] != '\0');
	}
	free(script);
	return 0;
}
