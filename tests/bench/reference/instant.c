/* SPDX-License-Identifier: BSD-3-Clause
 * instant.fdx: every request is answered at once, and nothing is stored.
 */
#include "reference.h"

static int instant_entry(char *conffile)
{
	return reference_start(conffile, NULL);
}

void fd_ext_fini(void)
{
	reference_stop();
}

EXTENSION_ENTRY("instant", instant_entry);
