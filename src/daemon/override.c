/* SPDX-License-Identifier: BSD-3-Clause
 * Finds out where libfdcore's calls really go.
 */
#include "daemon/override.h"

#include <dlfcn.h>
#include <elf.h>
#include <inttypes.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "stack/direct.h"
#include "stack/stack.h"

static const struct chg_override *const overrides[] = {
	&chg_override_out_send,
	&chg_override_sess_get,
	&chg_override_ep_add_merge,
	&chg_override_handle_newcer,
	&chg_override_getnameinfo,
	&chg_override_listen,
	&chg_override_cnx_s_recv,
	&chg_override_cnx_send,
	&chg_override_cnx_destroy,
	&chg_override_fifo_new,
	&chg_override_p_ce_clear_cnx,
};

/* What the direct path needs: all of them or none of it. */
static const struct chg_override *const direct[] = {
	&chg_override_cnx_s_recv,
	&chg_override_cnx_send,
	&chg_override_cnx_destroy,
};

enum { OVERRIDE_COUNT = sizeof overrides / sizeof overrides[0] };

struct dynamic {
	const ElfW(Sym) * symbols;
	const char *names;
	const ElfW(Rela) * table[2]; /* calls, and addresses that are taken */
	size_t bytes[2];
};

struct search {
	const char *library;
	const char *symbol;
	const void *found;
};

static void read_dynamic(const ElfW(Dyn) * entry, struct dynamic *ret)
{
	*ret = (struct dynamic){ 0 };
	for (; entry->d_tag != DT_NULL; entry++) {
		switch (entry->d_tag) {
		case DT_SYMTAB:
			ret->symbols = (const void *)entry->d_un.d_ptr;
			break;
		case DT_STRTAB:
			ret->names = (const void *)entry->d_un.d_ptr;
			break;
		case DT_JMPREL:
			ret->table[0] = (const void *)entry->d_un.d_ptr;
			break;
		case DT_PLTRELSZ:
			ret->bytes[0] = entry->d_un.d_val;
			break;
		case DT_RELA:
			ret->table[1] = (const void *)entry->d_un.d_ptr;
			break;
		case DT_RELASZ:
			ret->bytes[1] = entry->d_un.d_val;
			break;
		default:
			break;
		}
	}
}

/* What the slot for `symbol` holds, or NULL when the library has no such slot. */
static const void *slot_of(const struct dynamic *dynamic, ElfW(Addr) base, const char *symbol)
{
	if (dynamic->symbols == NULL || dynamic->names == NULL)
		return NULL;
	for (size_t t = 0; t < 2; t++) {
		size_t count = dynamic->bytes[t] / sizeof(ElfW(Rela));
		for (size_t i = 0; dynamic->table[t] != NULL && i < count; i++) {
			const ElfW(Rela) *rela = &dynamic->table[t][i];
			size_t index = rela->r_info >> (sizeof(ElfW(Addr)) == 8 ? 32 : 8);
			if (index == 0)
				continue;
			if (strcmp(dynamic->names + dynamic->symbols[index].st_name, symbol) == 0)
				return *(const void *const *)(base + rela->r_offset);
		}
	}
	return NULL;
}

static int visit(struct dl_phdr_info *info, size_t size, void *self)
{
	struct search *search = self;

	(void)size;
	if (info->dlpi_name == NULL || strstr(info->dlpi_name, search->library) == NULL)
		return 0;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_DYNAMIC)
			continue;
		struct dynamic dynamic;
		read_dynamic(
			(const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr), &dynamic);
		search->found = slot_of(&dynamic, info->dlpi_addr, search->symbol);
	}
	return 1;
}

bool chg_override_binds(const char *library, const char *symbol, const void *ours)
{
	struct search search = { .library = library, .symbol = symbol };

	dl_iterate_phdr(visit, &search);
	return search.found == ours;
}

void *chg_override_original(const char *symbol)
{
	void *found = dlsym(RTLD_NEXT, symbol);

	if (found == NULL) {
		/* Linking would have failed before: only a foreign libfdcore comes here. */
		chg_daemon_log(CHG_LOG_ERROR,
			"daemon.library_unfit symbol=%s cure=\"install freeDiameter 1.2.1\"",
			symbol);
		_Exit(EXIT_FAILURE);
	}
	return found;
}

static bool direct_takes(void)
{
	for (size_t i = 0; i < sizeof direct / sizeof direct[0]; i++)
		if (!direct[i]->took())
			return false;
	return true;
}

unsigned chg_overrides_check(void)
{
	unsigned missed = 0;

	for (size_t i = 0; i < OVERRIDE_COUNT; i++) {
		if (overrides[i]->took())
			continue;
		missed++;
		chg_daemon_log(CHG_LOG_WARNING, "override.missed symbol=%s loss=\"%s\"",
			overrides[i]->symbol, overrides[i]->loss);
	}
	if (direct_takes())
		chg_direct_enable();
	if (chg_override_fifo_new.took())
		chg_stack_set_peer_queue(CHG_OVERRIDE_PEER_QUEUE * CHG_OVERRIDE_QUEUE_TIMES);
	return missed;
}

void chg_overrides_report(void)
{
	for (size_t i = 0; i < OVERRIDE_COUNT; i++) {
		uint64_t caught = overrides[i]->caught();
		if (caught != 0)
			chg_daemon_log(CHG_LOG_NOTICE, "override.caught symbol=%s times=%" PRIu64,
				overrides[i]->symbol, caught);
	}
}
