/* SPDX-License-Identifier: BSD-3-Clause
 * The first pass over a request: framing, grammar, and what must be there.
 */
#ifndef CHG_WIRE_JUDGE_H
#define CHG_WIRE_JUDGE_H

#include "wire/message.h"

/*
 * What a command is judged by, besides the rules of dict/command.def.
 *
 *   application_id   the AVP that repeats the header's application: another value is 5004
 *   is_not_allowed   AVPs that have no place in it: refused by strict mode with 5008 (J-05)
 *   meaning          called for each known AVP at the level of the command that is right so far, in
 *                    the order of the message: what its value says, and what its group holds
 */
struct chg_judge {
	enum chg_command command;
	enum chg_strictness strictness;
	enum chg_avp application_id;
	bool (*is_not_allowed)(enum chg_avp id);
	enum chg_rc (*meaning)(
		void *to, const struct chg_raw_avp *avp, struct chg_fault *reterr_fault);
	void *to;
};

/*
 * Judges a whole message and reads its header.  The first error in the order of the message is the
 * one that is told; what is missing is told last.
 *
 *   CHG_E_SYNTAX   reterr_fault says what to answer
 */
enum chg_rc chg_judge_message(const struct chg_judge *judge, struct chg_view message,
	struct chg_header *ret_header, struct chg_fault *reterr_fault);

/*
 * Judges the members of a group whose grammar we know (credit control), and those of the groups
 * that its rules name: 5001, 5005, 5009, 5014; strict mode also 5008.  Unknown AVPs with the M bit
 * are refused only where all groups around them have it as well.
 *
 *   CHG_E_SYNTAX   reterr_fault says what to answer
 */
enum chg_rc chg_judge_group(const struct chg_judge *judge, const struct chg_raw_avp *group,
	struct chg_fault *reterr_fault);

/* Parts of both. */
enum chg_rc chg_judge_size(const struct chg_raw_avp *avp, struct chg_fault *reterr_fault);
enum chg_rc chg_judge_unknown(const struct chg_raw_avp *avp, struct chg_fault *reterr_fault);
enum chg_rc chg_judge_missing(enum chg_avp id, struct chg_fault *reterr_fault);

/* Fills a fault with one AVP in Failed-AVP; always CHG_E_SYNTAX. */
enum chg_rc chg_judge_refuse(struct chg_fault *reterr_fault, enum chg_result result,
	const char *message, const struct chg_raw_avp *avp);

/* The same with two. */
enum chg_rc chg_judge_refuse_both(struct chg_fault *reterr_fault, enum chg_result result,
	const char *message, const struct chg_raw_avp *one, const struct chg_raw_avp *other);

/* An example of an AVP that is not there, or that is there with a length that cannot be copied. */
struct chg_raw_avp chg_judge_example(enum chg_avp id);

#endif
