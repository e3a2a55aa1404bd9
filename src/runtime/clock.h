/* SPDX-License-Identifier: BSD-3-Clause
 * The clock of this machine.
 */
#ifndef CHG_RUNTIME_CLOCK_H
#define CHG_RUNTIME_CLOCK_H

#include "port/clock.h"

/*
 * The real clock, good for the life of the process and for any thread.
 *
 * Steady time begins at the wall clock of the first call in this process and counts a suspended
 * machine's sleep as well: what supervision measures is the silence of a peer, who did not sleep.
 */
struct chg_clock chg_clock_real(void);

#endif
