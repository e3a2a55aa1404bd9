/* SPDX-License-Identifier: BSD-3-Clause
 * One value of the configuration: checked by its row, stored in its field.
 */
#ifndef CHG_RUNTIME_CONFIG_VALUE_H
#define CHG_RUNTIME_CONFIG_VALUE_H

#include "runtime/config.h"

enum {
	CHG_CONFIG_WHY_MAX = 320,
	CHG_CONFIG_RANGE_MAX = 64,
};

/*
 * Checks a value and stores it: sets a number, a word or a path, appends to a list.
 *
 *   folder      where a relative path starts, "" or ending in '/'
 *   reterr_why  cause and cure, when it is not acceptable
 */
bool chg_config_value_take(const struct chg_config_row *row, struct chg_view value,
	const char *folder, struct chg_config *config, char reterr_why[CHG_CONFIG_WHY_MAX]);

/* The field of a row as its type has it. */
uint32_t *chg_config_value_number(const struct chg_config_row *row, struct chg_config *config);
struct chg_config_list *chg_config_value_list(
	const struct chg_config_row *row, struct chg_config *config);
chg_money *chg_config_value_money(const struct chg_config_row *row, struct chg_config *config);
char *chg_config_value_path(const struct chg_config_row *row, struct chg_config *config);

/* What a row allows, in words: "0, or 60 to 31536000 seconds", "sqlite or memory". */
void chg_config_value_range(const struct chg_config_row *row, char ret[CHG_CONFIG_RANGE_MAX]);

/* The word of that index in a row's words; absent when there is none. */
struct chg_view chg_config_value_word(const struct chg_config_row *row, uint32_t index);

#endif
