/* SPDX-License-Identifier: BSD-3-Clause
 * A table of rows as cmocka tests: each row is a case named by its sentence.
 */
#ifndef CHG_TESTS_CHGCTL_ROWS_H
#define CHG_TESTS_CHGCTL_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Adds every row of `table`, each beginning with its sentence `says`, to tests[*count]. */
#define ADD_ROWS(tests, count, table, function)                                                    \
	do {                                                                                       \
		for (size_t row_ = 0; row_ < sizeof(table) / sizeof(table)[0]; row_++) {           \
			assert_true(*(count) < sizeof(tests) / sizeof(tests)[0]);                  \
			(tests)[(*(count))++] = (struct CMUnitTest){                               \
				.name = (table)[row_].says,                                        \
				.test_func = (function),                                           \
				.initial_state = (void *)(uintptr_t) & (table)[row_],              \
			};                                                                         \
		}                                                                                  \
	} while (0)

/* Runs the first `count` of `tests`. */
#define RUN_ROWS(group, tests, count) _cmocka_run_group_tests((group), (tests), (count), NULL, NULL)

#endif
