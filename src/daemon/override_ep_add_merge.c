/* SPDX-License-Identifier: BSD-3-Clause
 * fd_ep_add_merge: ListenOn means what it says.
 *
 * The library drops a configured loopback address without a word, finds then that no address is
 * configured, and listens on all of them: the operator who wanted the most private node gets the
 * most public one.  An address that a person wrote down is accepted here whatever its kind, but
 * for "all addresses", which the library knows how to do by itself.
 */
#include "daemon/override.h"

#include <netinet/in.h>
#include <pthread.h>
#include <string.h>

typedef int ep_add_merge_fn(struct fd_list *list, sSA *sa, socklen_t sl, uint32_t flags);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static ep_add_merge_fn *original;

static void find_original(void)
{
	original = (ep_add_merge_fn *)chg_override_original("fd_ep_add_merge");
}

static bool is_all_addresses(const sSA *sa)
{
	static const struct in6_addr any6 = IN6ADDR_ANY_INIT;
	const void *address = sa;

	if (sa->sa_family == AF_INET)
		return ((const struct sockaddr_in *)address)->sin_addr.s_addr == INADDR_ANY;
	if (sa->sa_family == AF_INET6)
		return memcmp(&((const struct sockaddr_in6 *)address)->sin6_addr, &any6,
			       sizeof any6) == 0;
	return false;
}

int fd_ep_add_merge(struct fd_list *list, sSA *sa, socklen_t sl, uint32_t flags)
{
	pthread_once(&once, find_original);
	if ((flags & EP_FL_CONF) != 0 && sa != NULL && !is_all_addresses(sa))
		flags |= EP_ACCEPTALL;
	return original(list, sa, sl, flags);
}

static bool took(void)
{
	return chg_override_binds("libfdcore", "fd_ep_add_merge", (const void *)&fd_ep_add_merge);
}

static uint64_t caught(void)
{
	return 0; /* works at start only; nothing to report later */
}

const struct chg_override chg_override_ep_add_merge = {
	.symbol = "fd_ep_add_merge",
	.loss = "ListenOn of a loopback address is ignored; use diameter.listen in charging.yaml",
	.took = took,
	.caught = caught,
};
