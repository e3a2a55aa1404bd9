/* SPDX-License-Identifier: BSD-3-Clause
 * The commands that every node answers on its control socket.
 */
#ifndef CHG_RUNTIME_RUNTIME_COMMAND_H
#define CHG_RUNTIME_RUNTIME_COMMAND_H

#include "runtime/control.h"
#include "runtime/runtime.h"

/* Registers all of them; the runtime must outlive the control. */
enum chg_rc chg_runtime_command_register(struct chg_control *control, struct chg_runtime *runtime);

#endif
