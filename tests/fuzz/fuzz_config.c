/* SPDX-License-Identifier: BSD-3-Clause
 * Any text as charging.yaml: a configuration that prints back to itself, or complaints.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static char *print(const struct chg_config *config, size_t *ret_len)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, ret_len);
	assert(to != NULL);
	chg_config_print(config, to);
	fclose(to);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct chg_config config, again;
	static struct chg_config_errors errors;
	struct chg_view text = { (const char *)bytes, size };
	errors = (struct chg_config_errors){ 0 };
	enum chg_rc rc = chg_config_read_text("fuzz.yaml", text, &config, &errors);
	assert((rc == CHG_OK) == (errors.count == 0));
	assert(errors.count <= CHG_CONFIG_ERROR_MAX);
	if (rc != CHG_OK)
		return 0;

	size_t len = 0, len_again = 0;
	char *printed = print(&config, &len);
	errors = (struct chg_config_errors){ 0 };
	rc = chg_config_read_text(
		"printed.yaml", (struct chg_view){ printed, len }, &again, &errors);
	assert(rc == CHG_OK);
	char *printed_again = print(&again, &len_again);
	assert(len == len_again && memcmp(printed, printed_again, len) == 0);
	free(printed);
	free(printed_again);
	return 0;
}
