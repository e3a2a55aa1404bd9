/* SPDX-License-Identifier: BSD-3-Clause
 * Services and units of a Credit-Control-Request.
 */
#ifndef CHG_WIRE_READ_SERVICE_H
#define CHG_WIRE_READ_SERVICE_H

#include "wire/judge.h"

/* A service being read, and the AVP that it was read from. */
struct chg_service_reading {
	struct chg_service_ask ask;
	struct chg_raw_avp from;
};

/* Whether an AVP, at the level of the command or in a service's group, says something of a service. */
bool chg_service_is_part(enum chg_avp id);

/*
 * Judges such an AVP and takes it into a service.
 *
 *   CHG_E_SYNTAX   reterr_fault says what to answer
 */
enum chg_rc chg_service_take(const struct chg_judge *judge, struct chg_service_ask *service,
	const struct chg_raw_avp *part, struct chg_fault *reterr_fault);

/* The same for all of a Multiple-Services-Credit-Control, which is judged first. */
enum chg_rc chg_service_read(const struct chg_judge *judge, const struct chg_raw_avp *group,
	struct chg_service_ask *ret, struct chg_fault *reterr_fault);

/* Whether the two are for one thing: same Rating-Group, same first Service-Identifier.  B-082 */
bool chg_service_is_same(const struct chg_service_ask *a, const struct chg_service_ask *b);

/*
 * Joins a second group of one service with the first: usage of both, one request for units.  B-089
 *
 *   CHG_E_SYNTAX   reterr_fault says what to answer
 */
enum chg_rc chg_service_merge(const struct chg_judge *judge, struct chg_service_reading *into,
	const struct chg_service_reading *second, struct chg_fault *reterr_fault);

#endif
