/* SPDX-License-Identifier: BSD-3-Clause
 * Tables of cases: one row, one sentence, one named case.
 */
#ifndef CHG_TESTS_SUPPORT_TABLE_H
#define CHG_TESTS_SUPPORT_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Runs `holds` once for each row, which finds its row in *state.  The first member of a row is its
 * sentence, a const char *.  Returns the number of cases that failed.
 */
int table_run(const char *group, const void *rows, size_t count, size_t row_size,
	CMUnitTestFunction holds);

#define TABLE_RUN(group, rows, holds)                                                              \
	table_run((group), (rows), COUNT(rows), sizeof((rows)[0]), (holds))

#endif
