/* SPDX-License-Identifier: BSD-3-Clause
 * What the reference extensions have in common: they read a request once, and say success.
 *
 * Written against freeDiameter's public interface alone, as anybody would write them, so that they
 * show what the stack allows: in stock freeDiameterd as it is packaged, and in charging-enabler.
 */
#ifndef CHG_TESTS_BENCH_REFERENCE_H
#define CHG_TESTS_BENCH_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <freeDiameter/extension.h>

/* What a reference looks at of a request; a pointer is NULL where the AVP is not there. */
struct reference_request {
	struct msg *message;
	uint32_t application; /* 3: ACR, 4: CCR */
	const union avp_value *session_id;
	const union avp_value *type;
	const union avp_value *number;
	const union avp_value *origin_host;
	const union avp_value *origin_realm;
	const union avp_value *destination_realm;
	const union avp_value *event_time;
	const union avp_value *context;
};

/*
 * Answers every ACR and CCR at once on the library's own threads, and admits every peer.
 *
 *   config  charging.yaml in charging-enabler, which does not start without a node to run: then the
 *           extension brings one up that nobody asks anything (store.kind: memory), silences the
 *           library's own tracing and sets TCP_NODELAY, as our extensions do.  NULL or "": a plain
 *           extension, and nothing of that
 *   keep    called before the answer; false: the answer is UNABLE_TO_COMPLY.  NULL: nothing is kept
 *
 * Returns what fd_ext_init has to.
 */
int reference_start(const char *config, bool (*keep)(const struct reference_request *request));

void reference_stop(void);

/* freeDiameter looks these up by name; all else is hidden. */
__attribute__((visibility("default"))) int fd_ext_init(int major, int minor, char *conffile);
__attribute__((visibility("default"))) void fd_ext_fini(void);
extern __attribute__((visibility("default"))) const char *fd_ext_depends[];

#endif
