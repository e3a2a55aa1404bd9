/* SPDX-License-Identifier: BSD-3-Clause
 * What a record was charged, as the store has it, and worked out again.
 */
#ifndef CHG_CHGCTL_RECEIPT_H
#define CHG_CHGCTL_RECEIPT_H

#include "chgctl/source.h"
#include "core/rating.h"

/* A request of the record. */
struct ctl_receipt_entry {
	uint32_t entry_no; /* 0 of an event */
	enum chg_record_type type;
	chg_instant received_at;
	chg_instant priced_at; /* the time whose prices held */
};

/* A line of the ledger that the record brought. */
struct ctl_receipt_line {
	int64_t posting_id;
	chg_instant at;
	enum chg_posting_kind kind;
	enum chg_bucket_kind unit;
	int64_t amount;
	int64_t balance_after;
	char bucket[CHG_BUCKET_NAME_MAX];
	bool has_entry;
	uint32_t entry_no; /* of the request that it belongs to */
};

/* One service of one request, and how its charge comes about. */
struct ctl_receipt_item {
	uint32_t entry_no;
	struct chg_service_done done;
	bool is_rated; /* by units: the five below hold */
	bool is_anew;  /* counted from the first unit, though the service was charged before */
	uint64_t from_buckets; /* units that were paid with units */
	struct chg_rated before, after;
	struct chg_rating_steps steps;
	bool is_explained; /* `comes_to` is known */
	chg_money comes_to;
};

struct ctl_receipt {
	int64_t cdr_id;
	enum chg_cdr_kind kind;
	uint32_t entry_count;
	chg_instant last_at;
	bool is_open;
	bool is_online;
	bool has_charge;
	char account[CHG_ACCOUNT_NAME_MAX];
	chg_money cost; /* as the record says */
	chg_currency currency;
	struct ctl_receipt_entry *entry;
	size_t entry_len;
	struct ctl_receipt_line *line;
	size_t line_len;
	struct ctl_receipt_item *item;
	size_t item_len;
	struct chg_tariff *tariff; /* the version that was used last; NULL before */
	chg_money debited;         /* as the ledger says, refunds taken off */
	chg_money comes_to;        /* as the steps say */
	bool is_whole;             /* every item is explained, every line has its request */
};

/* Reads all of it.  CHG_E_UNKNOWN: there is no such record. */
enum chg_rc ctl_receipt_read(struct ctl_source *source, int64_t cdr_id, struct ctl_receipt *ret);

/* Works out every charge again, by the versions of the tariff that it was charged by. */
enum chg_rc ctl_receipt_rate(struct ctl_source *source, struct ctl_receipt *receipt);

/*
 * The tariff of a version, kept until another one is asked for.  ret NULL: there is none, or it
 * cannot be read any more.
 */
enum chg_rc ctl_receipt_tariff(struct ctl_source *source, struct ctl_receipt *receipt,
	int64_t version, const struct chg_tariff **ret);

/* The rule of an item in its tariff; NULL when there is none. */
const struct chg_tariff_rule *ctl_receipt_rule(
	const struct chg_tariff *tariff, const struct ctl_receipt_item *item);

/* Whether steps, ledger and record say the same. */
bool ctl_receipt_adds_up(const struct ctl_receipt *receipt);

void ctl_receipt_release(struct ctl_receipt *receipt);

#endif
