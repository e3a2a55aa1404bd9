/* SPDX-License-Identifier: BSD-3-Clause
 * getnameinfo: no name server is asked who connects.
 *
 * The library wants a host name for its log lines and asks for it on the one thread that accepts
 * connections.  While the name server does not answer, that thread waits ten seconds for each
 * connection, and nobody gets in.  An address in numbers is all that a log line needs.
 */
#include "daemon/override.h"

#include <netdb.h>
#include <pthread.h>

typedef int getnameinfo_fn(const struct sockaddr *sa, socklen_t sa_len, char *host,
	socklen_t host_size, char *service, socklen_t service_size, int flags);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static getnameinfo_fn *original;

static void find_original(void)
{
	original = (getnameinfo_fn *)chg_override_original("getnameinfo");
}

int getnameinfo(const struct sockaddr *sa, socklen_t sa_len, char *host, socklen_t host_size,
	char *service, socklen_t service_size, int flags)
{
	pthread_once(&once, find_original);
	return original(sa, sa_len, host, host_size, service, service_size,
		flags | NI_NUMERICHOST | NI_NUMERICSERV);
}

static bool took(void)
{
	return chg_override_binds("libfdcore", "getnameinfo", (const void *)&getnameinfo);
}

static uint64_t caught(void)
{
	return 0; /* every connection: nothing to report */
}

const struct chg_override chg_override_getnameinfo = {
	.symbol = "getnameinfo",
	.loss = "while a name server does not answer, clients wait long for their connection",
	.took = took,
	.caught = caught,
};
