/* SPDX-License-Identifier: BSD-3-Clause
 * Tariff files: what people write, read into what the rater uses.  conf/TARIFF.md has the syntax.
 */
#ifndef CHG_RUNTIME_TARIFF_READ_H
#define CHG_RUNTIME_TARIFF_READ_H

#include "core/tariff.h"

enum {
	CHG_TARIFF_FILE_MAX = 1048576,
	CHG_TARIFF_ERROR_MAX = 64,
	CHG_TARIFF_ERROR_TEXT_MAX = 512,
};

/* One complaint: "file:line:column: what; cure", with "warning: " before the what of a warning. */
struct chg_tariff_error {
	uint32_t line;   /* from 1; 0 when the file as a whole is meant */
	uint32_t column; /* from 1, in characters; 0 as above */
	bool is_warning; /* the tariff can be used all the same */
	char text[CHG_TARIFF_ERROR_TEXT_MAX];
};

/* All complaints in the order of the file; those that found no room are counted in `unlisted`. */
struct chg_tariff_errors {
	size_t count;
	size_t unlisted;
	size_t error_count; /* without warnings, with unlisted ones */
	struct chg_tariff_error item[CHG_TARIFF_ERROR_MAX];
};

/*
 * Reads a tariff file.
 *
 *   path            as the operator wrote it; complaints repeat it
 *   ret             on CHG_OK, with version 0 and in force for ever.  Large: not for a stack
 *   ret_complaints  always written: warnings on CHG_OK, at least one error otherwise
 *
 *   CHG_E_SYSTEM     the file cannot be read
 *   CHG_E_CONFIG     it is not acceptable
 *   CHG_E_NO_MEMORY  no memory
 * What is no YAML ends the reading; everything else is complained about to the end of the file.
 */
enum chg_rc chg_tariff_read_file(
	const char *path, struct chg_tariff *ret, struct chg_tariff_errors *ret_complaints);

/* The same for a text in memory; `name` takes the part of the path. */
enum chg_rc chg_tariff_read_text(const char *name, struct chg_view text, struct chg_tariff *ret,
	struct chg_tariff_errors *ret_complaints);

#endif
