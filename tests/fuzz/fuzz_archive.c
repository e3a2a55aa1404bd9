/* SPDX-License-Identifier: BSD-3-Clause
 * Any octets as a file of archived records: read to their end, or refused.
 */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "archive/archive_filter.h"
#include "archive/archive_file.h"
#include "store/sqlite/sqlite_pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool look_at(void *to, const struct chg_cdr *cdr)
{
	(void)to;
	assert(cdr->state.kind == CHG_CDR_EVENT || cdr->state.kind == CHG_CDR_SESSION);
	return true;
}

/* What gets as far as a store can be read like any other. */
static void read_pack(uint32_t schema, struct chg_view pack)
{
	static struct chg_store shelf;
	const struct chg_cdr_filter all = { .limit = 0 };
	char why[512];
	if (shelf.ops == NULL)
		assert(chg_sqlite_shelf_open(&shelf, why, sizeof why) == CHG_OK);
	if (chg_sqlite_shelf_fill(&shelf, schema, pack) == CHG_OK)
		assert(shelf.ops->scan_cdrs(shelf.self, &all, look_at, NULL) == CHG_OK);
}

static void read_chunk(const struct chg_archive_file *file, const struct chg_archive_chunk *chunk)
{
	struct chg_cdr_stamp *stamps = NULL;
	uint8_t *filter = NULL;
	char *body = NULL;
	if (chg_archive_index_read(file, chunk, &stamps, &filter) == CHG_OK) {
		for (uint32_t i = 1; i < chunk->records; i++)
			assert(stamps[i - 1].cdr_id < stamps[i].cdr_id);
		(void)chg_archive_filter_has(filter, chunk->filter_octets, 1);
	}
	free(stamps);
	free(filter);
	if (chg_archive_body_read(file, chunk, &body) == CHG_OK)
		read_pack(chunk->schema, (struct chg_view){ body, (size_t)chunk->body_size });
	free(body);
}

static void read_file(const uint8_t *bytes, size_t size)
{
	struct chg_archive_file file;
	struct chg_archive_chunk chunk;
	uint64_t offset = CHG_ARCHIVE_HEAD;
	bool is_found = true;
	char why[CHG_ARCHIVE_WHY_MAX];
	int fd = memfd_create("archive", MFD_CLOEXEC);
	assert(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	if (chg_archive_adopt(fd, "fuzz", &file, why, sizeof why) != CHG_OK)
		return;
	while (chg_archive_chunk_at(&file, offset, &chunk, &is_found) == CHG_OK && is_found) {
		assert(chunk.octets >= CHG_ARCHIVE_CHUNK_HEAD);
		read_chunk(&file, &chunk);
		offset += chunk.octets;
	}
	chg_archive_close(&file);
}

/* The checksums of a file stop nearly every change, so that what is behind them is tried alone too. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	read_file(bytes, size);
	if (size > 0)
		read_pack(bytes[0], (struct chg_view){ (const char *)bytes + 1, size - 1 });
	return 0;
}
