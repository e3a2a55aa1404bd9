/* SPDX-License-Identifier: BSD-3-Clause
 * Rows of any type as cases of cmocka.
 */
#include "support/table.h"

#include <assert.h>

enum {
	ROWS_MAX = 512,
};

int table_run(const char *group, const void *rows, size_t count, size_t row_size,
	CMUnitTestFunction holds)
{
	struct CMUnitTest tests[ROWS_MAX];
	assert(count <= ROWS_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *row = (const char *)rows + i * row_size;
		const char *says = *(const char *const *)(const void *)row;
		tests[i] = (struct CMUnitTest){
			.name = says, .test_func = holds, .initial_state = (void *)row
		};
	}
	return _cmocka_run_group_tests(group, tests, count, NULL, NULL);
}
