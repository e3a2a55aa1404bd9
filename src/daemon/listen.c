/* SPDX-License-Identifier: BSD-3-Clause
 * Compares what was configured with the sockets that the process really has.
 */
#include "daemon/listen.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <freeDiameter/freeDiameter-host.h>
#include <freeDiameter/libfdcore.h>

struct address {
	int family;
	in_port_t port; /* in the order of the host */
	uint32_t scope; /* of a link-local address */
	unsigned char bytes[16];
};

struct addresses {
	size_t count;
	struct address item[CHG_LISTEN_MAX];
};

static bool address_of(const struct sockaddr *sa, struct address *ret)
{
	const void *any = sa;

	*ret = (struct address){ .family = sa->sa_family };
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = any;
		ret->port = ntohs(in->sin_port);
		memcpy(ret->bytes, &in->sin_addr, sizeof in->sin_addr);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = any;
		ret->port = ntohs(in6->sin6_port);
		ret->scope = in6->sin6_scope_id;
		memcpy(ret->bytes, &in6->sin6_addr, sizeof in6->sin6_addr);
		return true;
	}
	return false;
}

static socklen_t sockaddr_of(const struct address *address, struct sockaddr_storage *ret)
{
	void *any = ret;

	memset(ret, 0, sizeof *ret);
	ret->ss_family = (sa_family_t)address->family;
	if (address->family == AF_INET) {
		struct sockaddr_in *in = any;
		in->sin_port = htons(address->port);
		memcpy(&in->sin_addr, address->bytes, sizeof in->sin_addr);
		return sizeof *in;
	}
	struct sockaddr_in6 *in6 = any;
	in6->sin6_port = htons(address->port);
	in6->sin6_scope_id = address->scope;
	memcpy(&in6->sin6_addr, address->bytes, sizeof in6->sin6_addr);
	return sizeof *in6;
}

static void address_print(const struct address *address, char ret[static CHG_ADDRESS_TEXT_MAX])
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(address->family, address->bytes, text, sizeof text) == NULL)
		text[0] = '\0';
	snprintf(ret, CHG_ADDRESS_TEXT_MAX, address->family == AF_INET6 ? "[%s]:%u" : "%s:%u", text,
		address->port);
}

static bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && a->port == b->port &&
	       memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static bool addresses_have(const struct addresses *list, const struct address *wanted)
{
	for (size_t i = 0; i < list->count; i++)
		if (address_equal(&list->item[i], wanted))
			return true;
	return false;
}

static void addresses_add(struct addresses *list, const struct address *address)
{
	if (list->count < CHG_LISTEN_MAX && !addresses_have(list, address))
		list->item[list->count++] = *address;
}

/* One address on the ports that are in use. */
static void add_ports(struct addresses *list, struct address address)
{
	const uint16_t ports[] = { fd_g_config->cnf_port, fd_g_config->cnf_port_tls };

	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
		if (ports[i] == 0)
			continue;
		address.port = ports[i];
		addresses_add(list, &address);
	}
}

static bool is_family_off(int family)
{
	return (family == AF_INET && fd_g_config->cnf_flags.no_ip4) ||
	       (family == AF_INET6 && fd_g_config->cnf_flags.no_ip6);
}

/* What the configuration asks for; nothing configured means every address of both families. */
static void read_wanted(struct addresses *ret)
{
	const struct fd_list *head = &fd_g_config->cnf_endpoints;
	bool is_configured = false;

	*ret = (struct addresses){ 0 };
	for (const struct fd_list *li = head->next; li != NULL && li != head; li = li->next) {
		const struct fd_endpoint *endpoint = (const void *)li;
		struct address address;
		if ((endpoint->flags & EP_FL_CONF) == 0 || !address_of(&endpoint->sa, &address))
			continue;
		is_configured = true;
		if (!is_family_off(address.family))
			add_ports(ret, address);
	}
	if (is_configured)
		return;
	if (!is_family_off(AF_INET))
		add_ports(ret, (struct address){ .family = AF_INET });
	if (!is_family_off(AF_INET6))
		add_ports(ret, (struct address){ .family = AF_INET6 });
}

static bool is_listening(int fd, struct address *ret)
{
	struct sockaddr_storage bound;
	socklen_t size = sizeof bound;
	int listening = 0;
	socklen_t listening_size = sizeof listening;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &listening_size) != 0 ||
		listening == 0)
		return false;
	return getsockname(fd, (struct sockaddr *)&bound, &size) == 0 &&
	       address_of((const struct sockaddr *)&bound, ret);
}

/* Every internet socket of the process that accepts connections. */
static bool read_listening(struct addresses *ret)
{
	*ret = (struct addresses){ 0 };
	DIR *folder = opendir("/proc/self/fd");
	if (folder == NULL)
		return false;
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);
		struct address address;
		if (end != entry->d_name && *end == '\0' && is_listening((int)fd, &address))
			addresses_add(ret, &address);
	}
	closedir(folder);
	return true;
}

/* A socket of one's own on the address: 0, or why it cannot be had. */
static int try_address(const struct address *address)
{
	struct sockaddr_storage sa;
	socklen_t size = sockaddr_of(address, &sa);
	int one = 1;

	int s = socket(address->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return errno;
	if (address->family == AF_INET6)
		(void)setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	(void)setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	int error =
		bind(s, (const struct sockaddr *)&sa, size) != 0 || listen(s, 1) != 0 ? errno : 0;
	close(s);
	return error;
}

static const char *cure_of(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "another process has it (see it with: ss -ltnp); stop that one, or change "
		       "Port in the configuration";
	case EADDRNOTAVAIL:
		return "this machine has no such address (see: ip address); correct "
		       "diameter.listen or ListenOn";
	case EACCES:
		return "ports below 1024 need CAP_NET_BIND_SERVICE; change Port in the "
		       "configuration";
	default:
		return "correct diameter.listen, ListenOn or Port in the configuration";
	}
}

bool chg_listen_check(char ret_reason[static CHG_LISTEN_REASON_MAX])
{
	struct addresses wanted;

	read_wanted(&wanted);
	for (size_t i = 0; i < wanted.count; i++) {
		char text[CHG_ADDRESS_TEXT_MAX];
		int error = try_address(&wanted.item[i]);
		if (error == 0 || error == EAFNOSUPPORT)
			continue;
		address_print(&wanted.item[i], text);
		snprintf(ret_reason, CHG_LISTEN_REASON_MAX, "cannot listen on %s: %s; %s", text,
			strerror(error), cure_of(error));
		return false;
	}
	return true;
}

static bool has_all(const struct addresses *list, const struct addresses *wanted,
	const struct address **ret_missing)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!addresses_have(list, &wanted->item[i])) {
			*ret_missing = &wanted->item[i];
			return false;
		}
	return true;
}

bool chg_listen_verify(int timeout_ms, char ret_reason[static CHG_LISTEN_REASON_MAX])
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	const struct address *odd = NULL;
	struct addresses wanted, found;
	char text[CHG_ADDRESS_TEXT_MAX];

	read_wanted(&wanted);
	/* The library's threads begin to listen some time after it says that it has started. */
	for (int waited_ms = 0; read_listening(&found) && !has_all(&found, &wanted, &odd);
		waited_ms += 2) {
		if (waited_ms >= timeout_ms) {
			address_print(odd, text);
			snprintf(ret_reason, CHG_LISTEN_REASON_MAX,
				"nothing listens on %s after %d ms", text, timeout_ms);
			return false;
		}
		nanosleep(&pause, NULL);
	}
	if (!has_all(&wanted, &found, &odd)) {
		address_print(odd, text);
		snprintf(ret_reason, CHG_LISTEN_REASON_MAX,
			"the library listens on %s, which nobody configured; name addresses in "
			"diameter.listen of charging.yaml instead of ListenOn",
			text);
		return false;
	}
	return true;
}

void chg_listen_print(char ret_list[static CHG_LISTEN_LIST_MAX])
{
	struct addresses found;
	size_t used = 0;

	ret_list[0] = '\0';
	if (!read_listening(&found))
		return;
	for (size_t i = 0; i < found.count && used + CHG_ADDRESS_TEXT_MAX < CHG_LISTEN_LIST_MAX;
		i++) {
		char text[CHG_ADDRESS_TEXT_MAX];
		address_print(&found.item[i], text);
		used += (size_t)snprintf(ret_list + used, CHG_LISTEN_LIST_MAX - used, "%s%s",
			used == 0 ? "" : ",", text);
	}
}
