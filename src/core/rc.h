/* SPDX-License-Identifier: BSD-3-Clause
 * One vocabulary of failure for the whole project.
 */
#ifndef CHG_CORE_RC_H
#define CHG_CORE_RC_H

/* 0 is success, everything else is negative. */
enum chg_rc {
#define RC(name, number, sentence) CHG_##name = (number),
#include "core/rc.def"
#undef RC
};

/* The row's sentence; for a number that is no row, "an unknown error". Never NULL. */
const char *chg_rc_sentence(enum chg_rc rc);

/* The row's name as in the source, e.g. "E_STORE_FULL". Never NULL. */
const char *chg_rc_name(enum chg_rc rc);

#endif
