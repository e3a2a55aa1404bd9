/* SPDX-License-Identifier: BSD-3-Clause
 * AVPs as they stand in a message: walking over received ones, appending new ones.
 *
 * freeDiameter carries our messages; what is inside ACR and CCR we read and write ourselves, byte
 * for byte (decision 0002), so that a Failed-AVP can hold the true offender, content that no
 * dictionary knows is kept, and all of it can be tested without a running stack.
 */
#ifndef CHG_WIRE_AVP_H
#define CHG_WIRE_AVP_H

#include "core/instant.h"
#include "core/rc.h"
#include "core/view.h"
#include "wire/dict.h"

enum {
	CHG_AVP_FLAG_VENDOR = 0x80,
	CHG_AVP_FLAG_MUST = 0x40,
	CHG_AVP_FLAG_PROTECTED = 0x20,

	CHG_HEADER_SIZE = 20,

	CHG_COMMAND_FLAG_REQUEST = 0x80,
	CHG_COMMAND_FLAG_PROXIABLE = 0x40,
	CHG_COMMAND_FLAG_ERROR = 0x20,
	CHG_COMMAND_FLAG_RETRANSMITTED = 0x10,

	/* Groups inside groups; deeper ones are kept as bytes. */
	CHG_AVP_DEPTH_MAX = 16,
};

/* RFC 6733 3. */
struct chg_header {
	uint8_t version;
	uint32_t length;
	uint8_t flags;
	uint32_t command;
	uint32_t application;
	uint32_t hop_by_hop;
	uint32_t end_to_end;
};

/* One received AVP.  RFC 6733 4.1.  Borrowed from the message. */
struct chg_raw_avp {
	uint32_t code;
	uint32_t vendor; /* 0 when the V bit is clear */
	uint8_t flags;
	struct chg_view data;  /* without header and padding */
	struct chg_view whole; /* header and data, without padding */
	bool is_known;         /* id is valid */
	enum chg_avp id;
};

/* Where a walk over a run of AVPs stands. */
struct chg_avp_walk {
	const uint8_t *at;
	const uint8_t *end;
	bool is_broken; /* the walk stopped at an AVP whose length does not fit */
};

/*
 * Reads the header.
 *
 *   CHG_E_SYNTAX  shorter than 20 octets, version not 1, or its length differs from the bytes
 */
enum chg_rc chg_header_read(struct chg_view message, struct chg_header *ret);

/* A walk over what follows the header, or over a group's data. */
struct chg_avp_walk chg_avp_walk_message(struct chg_view message);
struct chg_avp_walk chg_avp_walk_group(struct chg_view data);

/*
 * The next AVP, looked up in our dictionary.  False at the end, and at an AVP whose length is under
 * its header or over the end: then walk->is_broken is set and ret holds what is there of its
 * header, with empty data.  Missing padding after the last AVP of a group is tolerated.
 */
bool chg_avp_next(struct chg_avp_walk *walk, struct chg_raw_avp *ret);

/* Numbers out of an AVP's data.  False when the size is not that of the type. */
bool chg_avp_u32(const struct chg_raw_avp *avp, uint32_t *ret);
bool chg_avp_i32(const struct chg_raw_avp *avp, int32_t *ret);
bool chg_avp_u64(const struct chg_raw_avp *avp, uint64_t *ret);

/*
 * Time: seconds since 1900, in the era that starts in 2036 when the top bit is clear (RFC 6733
 * 4.3.1).  False unless exactly 4 octets.
 */
bool chg_avp_time(const struct chg_raw_avp *avp, chg_instant *ret);

/* The four octets of a Time for an instant; instants before 1968 or after 2104 wrap. */
uint32_t chg_time_from_instant(chg_instant at);

/* Whether the bytes are well-formed UTF-8 without NUL.  RFC 3629 */
bool chg_utf8_valid(struct chg_view text);

/*
 * Messages being written, into memory of the caller.  Once something did not fit, `is_full` is set
 * and nothing more is written; check it once, at the end.
 */
struct chg_out {
	uint8_t *bytes;
	size_t size;
	size_t len;
	bool is_full;
};

struct chg_out chg_out_of(void *memory, size_t size);

/* Starts a message; its length is filled in by chg_out_finish. */
void chg_out_header(struct chg_out *out, const struct chg_header *header);

/* Fills the length in.  CHG_E_RANGE when anything did not fit. */
enum chg_rc chg_out_finish(struct chg_out *out);

/* AVPs by row: code, vendor and M bit are those of the dictionary. */
void chg_out_u32(struct chg_out *out, enum chg_avp id, uint32_t value);
void chg_out_i32(struct chg_out *out, enum chg_avp id, int32_t value);
void chg_out_u64(struct chg_out *out, enum chg_avp id, uint64_t value);
void chg_out_time(struct chg_out *out, enum chg_avp id, chg_instant value);
void chg_out_text(struct chg_out *out, enum chg_avp id, struct chg_view value);
/* The same for a code that is no row. */
void chg_out_any(
	struct chg_out *out, uint32_t code, uint32_t vendor, uint8_t flags, struct chg_view data);
/* An AVP with its header as it came, padded. */
void chg_out_copy(struct chg_out *out, const struct chg_raw_avp *avp);
/* AVPs that were written before, as they are. */
void chg_out_raw(struct chg_out *out, struct chg_view avps);

/* Opens a group and returns where it began; what is written until the end goes inside. */
size_t chg_out_group_begin(struct chg_out *out, enum chg_avp id);
void chg_out_group_end(struct chg_out *out, size_t began);

#endif
