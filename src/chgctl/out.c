/* SPDX-License-Identifier: BSD-3-Clause
 * What all writers share: the page in memory and its way to the sink.
 */
#include "chgctl/out.h"

#include <assert.h>
#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

static const struct ctl_writer *const ctl_writers[] = {
	&ctl_writer_text,
	&ctl_writer_csv,
	&ctl_writer_json,
	&ctl_writer_jsonl,
};

const struct ctl_writer *ctl_writer_find(const char *name)
{
	for (size_t i = 0; i < sizeof ctl_writers / sizeof ctl_writers[0]; i++) {
		if (strcmp(ctl_writers[i]->name, name) == 0)
			return ctl_writers[i];
	}
	return NULL;
}

enum chg_rc ctl_out_begin(struct ctl_out *out)
{
	assert(out->column_count <= CTL_COLUMN_MAX);
	out->page = open_memstream(&out->page_text, &out->page_size);
	if (out->page == NULL)
		return CHG_E_NO_MEMORY;
	__fsetlocking(out->page, FSETLOCKING_BYCALLER); /* one thread writes, piece by piece */
	return out->writer->begin(out);
}

enum chg_rc ctl_out_row(struct ctl_out *out, const struct ctl_value *values)
{
	out->row_count++;
	return out->writer->row(out, values);
}

/* Hands the page to the sink and begins the next one in the same memory. */
static enum chg_rc flush(struct ctl_out *out)
{
	if (fflush(out->page) != 0 || ferror(out->page))
		return CHG_E_NO_MEMORY;
	size_t len = (size_t)ftello(out->page);
	if (fwrite(out->page_text, 1, len, out->sink) != len || fflush(out->sink) != 0)
		return CHG_E_SYSTEM;
	rewind(out->page);
	return CHG_OK;
}

enum chg_rc ctl_out_page(struct ctl_out *out)
{
	enum chg_rc rc = out->writer->page(out);
	return rc == CHG_OK ? flush(out) : rc;
}

enum chg_rc ctl_out_end(struct ctl_out *out)
{
	enum chg_rc rc = out->writer->end(out);
	return rc == CHG_OK ? flush(out) : rc;
}

void ctl_out_release(struct ctl_out *out)
{
	int error = errno; /* the caller has yet to say why */

	if (out->writer->release != NULL)
		out->writer->release(out);
	if (out->page != NULL)
		fclose(out->page);
	free(out->page_text);
	out->page = NULL;
	out->page_text = NULL;
	errno = error;
}
