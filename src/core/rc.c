/* SPDX-License-Identifier: BSD-3-Clause
 * The sentences and names of rc.def.
 */
#include "core/rc.h"

const char *chg_rc_sentence(enum chg_rc rc)
{
	switch (rc) {
#define RC(name, number, sentence)                                                                 \
	case CHG_##name:                                                                           \
		return sentence;
#include "core/rc.def"
#undef RC
	}
	return "an unknown error";
}

const char *chg_rc_name(enum chg_rc rc)
{
	switch (rc) {
#define RC(name, number, sentence)                                                                 \
	case CHG_##name:                                                                           \
		return #name;
#include "core/rc.def"
#undef RC
	}
	return "E_UNKNOWN_NUMBER";
}
