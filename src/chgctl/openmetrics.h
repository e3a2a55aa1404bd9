/* SPDX-License-Identifier: BSD-3-Clause
 * The node's meters as OpenMetrics 1.0 text.
 */
#ifndef CHG_CHGCTL_OPENMETRICS_H
#define CHG_CHGCTL_OPENMETRICS_H

#include <jansson.h>
#include <stdio.h>

/*
 * Writes the array "meters" of the reply to "stats".  A family's name is the counter's without
 * "_total"; what is counted in microseconds is written in seconds, the unit of the format.
 */
void ctl_openmetrics_write(const json_t *meters, FILE *to);

#endif
