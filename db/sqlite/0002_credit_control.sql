-- SPDX-License-Identifier: BSD-3-Clause
-- Credit control: what a node keeps of CH-2.
--
-- Amounts of money end in _micros: millionths of one unit of the account's currency; EUR 1.20 is
-- 1200000.  A column "amount", "balance" or "reserved" is in micros for money, and in whole units
-- otherwise: kind or unit beside it says which.  Numbers in parentheses are AVP codes.

BEGIN IMMEDIATE;

-- What was done by hand, by whom and why: only ever added to.
CREATE TABLE audit (
	audit_id INTEGER PRIMARY KEY, -- ours, ascending
	at_us    INTEGER NOT NULL,    -- wall clock of this node, us
	who      TEXT,                -- who did it, as the system knows him
	why      TEXT,                -- what he gave as the reason
	action   TEXT NOT NULL,       -- 'account add', 'account status', 'bucket add', 'post', 'tariff add', 'suspense post'
	subject  TEXT NOT NULL        -- what it was done to: an account's or a tariff's name
) STRICT;

-- Who pays.
CREATE TABLE account (
	account_id          INTEGER PRIMARY KEY,  -- ours, ascending
	name                TEXT NOT NULL UNIQUE, -- the operator's name for it
	status              INTEGER NOT NULL CHECK (status IN (1, 2, 3)), -- 1 active, 2 blocked, 3 expired; RFC 8506 9.1 (4010)
	currency            INTEGER NOT NULL, -- Currency-Code (425): number of ISO 4217, 0 none; RFC 8506 8.11
	credit_limit_micros INTEGER NOT NULL CHECK (credit_limit_micros >= 0), -- how far below zero the main bucket may go, micros
	low_balance_micros  INTEGER NOT NULL CHECK (low_balance_micros >= 0), -- below it Low-Balance-Indication (2020) says yes, micros, 0 never; TS 32.299
	valid_until_us      INTEGER, -- not served from then on, wall clock, us; NULL for ever
	plan                TEXT NOT NULL, -- what the tariff's rules may ask for, '' none
	created_us          INTEGER NOT NULL -- wall clock of this node, us
) STRICT;

-- Under which names an account is found: one row per identity.
CREATE TABLE account_identity (
	identity_key  TEXT PRIMARY KEY, -- normal form of Subscription-Id (443): 'tel:+49..', 'sip:..', 'nai:..', 'imsi:..', 'private:..'
	account_id    INTEGER NOT NULL REFERENCES account (account_id), -- whose it is
	identity_type INTEGER NOT NULL -- Subscription-Id-Type (450): 0 E.164, 1 IMSI, 2 SIP URI, 3 NAI, 4 private; RFC 8506 8.47
) STRICT, WITHOUT ROWID;

-- Question: all identities of this account.
CREATE INDEX ix_account_identity__account_id ON account_identity (account_id);

-- What an account pays from: money, or units of one kind.
CREATE TABLE bucket (
	bucket_id      INTEGER PRIMARY KEY, -- ours, ascending
	account_id     INTEGER NOT NULL REFERENCES account (account_id), -- whose it is
	kind           INTEGER NOT NULL CHECK (kind IN (1, 2, 3, 4)), -- 1 money, 2 seconds, 3 octets, 4 messages
	is_main        INTEGER NOT NULL CHECK (is_main IN (0, 1)), -- 1 for the one money bucket that may go below zero
	balance        INTEGER NOT NULL, -- micros or units: sum of its lines in ledger_entry
	reserved       INTEGER NOT NULL CHECK (reserved >= 0), -- micros or units: sum of its rows in cc_hold
	priority       INTEGER NOT NULL, -- lower pays first
	valid_from_us  INTEGER, -- does not pay before, wall clock, us; NULL always did
	valid_until_us INTEGER, -- does not pay from then on, wall clock, us; NULL for ever
	name           TEXT NOT NULL, -- within the account; the main one is 'main'
	service        TEXT NOT NULL  -- which services it pays: a rule's name, a Service-Context-Id (461) or its end after '*'; '' all
) STRICT;

-- Question: the buckets of this account, and the one of this name.
CREATE UNIQUE INDEX ix_bucket__account_id ON bucket (account_id, name);

-- Why balances changed: one row per posting, whose lines are in ledger_entry.
CREATE TABLE posting (
	posting_id INTEGER PRIMARY KEY, -- ours, ascending without a gap
	at_us      INTEGER NOT NULL, -- wall clock of this node, us
	kind       INTEGER NOT NULL CHECK (kind IN (1, 2, 3, 4, 5, 6, 7)), -- 1 debit, 2 refund, 3 top-up, 4 adjustment, 5 lapse, 6 opening, 7 suspense
	account_id INTEGER NOT NULL REFERENCES account (account_id), -- whose buckets it moves
	cdr_id     INTEGER REFERENCES cdr (cdr_id), -- the record that it was charged for; NULL none
	refunds    INTEGER REFERENCES posting (posting_id), -- the debit that it pays back; NULL none; Refund-Information (2022)
	audit_id   INTEGER REFERENCES audit (audit_id), -- who did it by hand; NULL nobody
	reference  TEXT -- number of outside, such as that of a payment; NULL none
) STRICT;

-- Question: the statement of this account.
CREATE INDEX ix_posting__account_id ON posting (account_id);

-- Question: what was charged for this record.
CREATE INDEX ix_posting__cdr_id ON posting (cdr_id) WHERE cdr_id IS NOT NULL;

-- Question: what was paid back of this debit.
CREATE INDEX ix_posting__refunds ON posting (refunds) WHERE refunds IS NOT NULL;

-- Question: postings between two points in time.
CREATE INDEX ix_posting__at_us ON posting (at_us);

-- Question: did this payment come before.
CREATE UNIQUE INDEX ix_posting__reference ON posting (reference) WHERE reference IS NOT NULL;

-- The ledger: a line for each bucket that moved, and after it a line for where that went, with the
-- opposite amount.  Only ever added to.
CREATE TABLE ledger_entry (
	posting_id    INTEGER NOT NULL REFERENCES posting (posting_id), -- what it belongs to
	line_no       INTEGER NOT NULL, -- 1, 3, 5 .. buckets; 2, 4, 6 .. where the line before went
	bucket_id     INTEGER REFERENCES bucket (bucket_id), -- the bucket; NULL: where it went
	unit          INTEGER NOT NULL CHECK (unit IN (1, 2, 3, 4)), -- as bucket.kind
	amount        INTEGER NOT NULL, -- micros or units; negative: out of the bucket
	contra        INTEGER NOT NULL CHECK (contra IN (1, 2, 3, 4)), -- the other side: 1 usage, 2 top-up, 3 adjustment, 4 lapse
	balance_after INTEGER CHECK ((balance_after IS NULL) = (bucket_id IS NULL)), -- of the bucket, micros or units
	PRIMARY KEY (posting_id, line_no)
) STRICT, WITHOUT ROWID;

-- Question: all lines of this bucket, in their order.
CREATE INDEX ix_ledger_entry__bucket_id ON ledger_entry (bucket_id, posting_id, line_no, amount)
	WHERE bucket_id IS NOT NULL;

-- The program never changes a line; this is for others who could.
CREATE TRIGGER tr_ledger_entry__update BEFORE UPDATE ON ledger_entry
BEGIN SELECT raise(ABORT, 'the ledger is only added to: post an adjustment'); END;

-- As above.
CREATE TRIGGER tr_ledger_entry__delete BEFORE DELETE ON ledger_entry
BEGIN SELECT raise(ABORT, 'the ledger is only added to: post an adjustment'); END;

-- As above.
CREATE TRIGGER tr_posting__update BEFORE UPDATE ON posting
BEGIN SELECT raise(ABORT, 'postings are only added to: post an adjustment'); END;

-- As above.
CREATE TRIGGER tr_posting__delete BEFORE DELETE ON posting
BEGIN SELECT raise(ABORT, 'postings are only added to: post an adjustment'); END;

-- As above.
CREATE TRIGGER tr_audit__update BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'what was done by hand stays written'); END;

-- As above.
CREATE TRIGGER tr_audit__delete BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'what was done by hand stays written'); END;

-- Direct debits, and how much of them was paid back.
CREATE TABLE refundable (
	posting_id      INTEGER PRIMARY KEY REFERENCES posting (posting_id), -- the debit; stands in Refund-Information (2022)
	account_id      INTEGER NOT NULL REFERENCES account (account_id), -- who paid
	bucket_id       INTEGER NOT NULL REFERENCES bucket (bucket_id), -- where it came from, and goes back to
	charged_micros  INTEGER NOT NULL CHECK (charged_micros > 0), -- what was debited, micros
	refunded_micros INTEGER NOT NULL CHECK (refunded_micros >= 0) -- what was paid back of it so far, micros
) STRICT;

-- Sessions of CH-2: open ones, and for a while those that ended.
CREATE TABLE cc_session (
	cc_session_id  INTEGER PRIMARY KEY, -- ours, used again once it is forgotten
	origin_host_id INTEGER NOT NULL REFERENCES origin_host (origin_host_id), -- Origin-Host (264); RFC 6733 6.3
	session_id     TEXT NOT NULL,    -- Session-Id (263); RFC 6733 8.8
	sub_session    TEXT NOT NULL,    -- CC-Sub-Session-Id (419) in decimal, '' absent; RFC 8506 8.5
	status         INTEGER NOT NULL CHECK (status IN (1, 2)), -- 1 open, 2 ended: late requests still find it
	account_id     INTEGER REFERENCES account (account_id), -- who pays
	cdr_id         INTEGER REFERENCES cdr (cdr_id), -- its record
	until_us       INTEGER NOT NULL, -- open: Tcc of RFC 8506 7; ended: forgotten then; steady clock, us
	cost_micros    INTEGER NOT NULL  -- charged so far, micros
) STRICT;

-- Question: the session of this request.
CREATE UNIQUE INDEX ix_cc_session__session ON cc_session (session_id, origin_host_id, sub_session);

-- Question: whose time is over (asked after every turn of the engine).
CREATE INDEX ix_cc_session__until_us ON cc_session (until_us);

-- Question: the session of this record.
CREATE INDEX ix_cc_session__cdr_id ON cc_session (cdr_id);

-- Services of a session: what names each, and what it came to.
CREATE TABLE cc_service (
	cc_session_id  INTEGER NOT NULL REFERENCES cc_session (cc_session_id) ON DELETE CASCADE, -- the session
	service_no     INTEGER NOT NULL, -- 1, 2, 3 .. in the order in which they began
	rating_group   INTEGER, -- Rating-Group (432); RFC 8506 8.29
	service_id     INTEGER, -- the first Service-Identifier (439); RFC 8506 8.28
	is_money       INTEGER NOT NULL CHECK (is_money IN (0, 1)), -- 1: the client rates, units are CC-Money (413)
	unit           INTEGER NOT NULL, -- 0 seconds, 1 octets, 2 input octets, 3 output octets, 4 messages
	granted        INTEGER NOT NULL, -- of the grant that is out, units or micros, 0 none; Granted-Service-Unit (431)
	is_closed      INTEGER NOT NULL CHECK (is_closed IN (0, 1)), -- 1: reported FINAL
	rule           INTEGER NOT NULL, -- place of the rule in the tariff, from 1; 0 not rated yet
	band           INTEGER NOT NULL, -- place of the band in the rule, from 0
	tariff_version INTEGER NOT NULL, -- of the tariff it was rated by, 0 none
	units          INTEGER NOT NULL, -- priced units in this band
	settled_micros INTEGER NOT NULL, -- what came before this band: set-up fee, other bands, other rules, micros
	charged_micros INTEGER NOT NULL, -- charged in total, micros
	PRIMARY KEY (cc_session_id, service_no)
) STRICT, WITHOUT ROWID;

-- Open reservations: what a grant holds of which bucket.
CREATE TABLE cc_hold (
	cc_session_id INTEGER NOT NULL, -- the session
	service_no    INTEGER NOT NULL, -- its service
	hold_no       INTEGER NOT NULL, -- 1, 2, 3 .. in the order in which buckets pay
	bucket_id     INTEGER NOT NULL REFERENCES bucket (bucket_id), -- the bucket
	amount        INTEGER NOT NULL CHECK (amount > 0), -- micros or units
	PRIMARY KEY (cc_session_id, service_no, hold_no),
	FOREIGN KEY (cc_session_id, service_no) REFERENCES cc_service (cc_session_id, service_no) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Question: what is held of this bucket.
CREATE INDEX ix_cc_hold__bucket_id ON cc_hold (bucket_id, amount);

-- Answers that were given lately, so that a repeated request gets the same one and is not charged
-- again (RFC 8506 10.1, RFC 6733 5.5.4).  Forgotten after a while.
CREATE TABLE cc_answer (
	origin_host_id INTEGER NOT NULL, -- Origin-Host (264); RFC 6733 6.3
	session_id     TEXT NOT NULL,    -- Session-Id (263); RFC 6733 8.8
	sub_session    TEXT NOT NULL,    -- CC-Sub-Session-Id (419) in decimal, '' absent; RFC 8506 8.5
	record_number  INTEGER NOT NULL, -- CC-Request-Number (415); RFC 8506 8.2
	record_type    INTEGER NOT NULL, -- CC-Request-Type (416) as a record has it: 1 EVENT, 2 INITIAL, 3 UPDATE, 4 TERMINATION
	digest         BLOB NOT NULL CHECK (length(digest) = 16), -- of the request's content, 16 octets
	answer         BLOB NOT NULL,    -- AVPs of the answer, without header and Proxy-Info (284)
	received_us    INTEGER NOT NULL, -- arrival of the request, wall clock, us
	PRIMARY KEY (origin_host_id, session_id, sub_session, record_number, record_type)
) STRICT, WITHOUT ROWID;

-- Question: which of them are the oldest (forgetting).
CREATE INDEX ix_cc_answer__received_us ON cc_answer (received_us);

-- Who paid for a record, and how much: one row per record of CH-2 that has an account.
CREATE TABLE cdr_charge (
	cdr_id      INTEGER PRIMARY KEY REFERENCES cdr (cdr_id) ON DELETE CASCADE, -- the record
	account_id  INTEGER NOT NULL REFERENCES account (account_id), -- who paid
	currency    INTEGER NOT NULL, -- of the account: number of ISO 4217
	cost_micros INTEGER NOT NULL  -- charged less refunded, micros; Cost-Information (423)
) STRICT, WITHOUT ROWID;

-- What the requests of CH-2 did for each service.
CREATE TABLE cdr_service (
	cdr_id         INTEGER NOT NULL REFERENCES cdr (cdr_id) ON DELETE CASCADE, -- the record
	entry_no       INTEGER NOT NULL, -- the entry of its timeline; 0 for an event
	ordinal        INTEGER NOT NULL, -- place within the request, from 1
	rating_group   INTEGER, -- Rating-Group (432); RFC 8506 8.29
	service_id     INTEGER, -- the first Service-Identifier (439); RFC 8506 8.28
	is_money       INTEGER NOT NULL CHECK (is_money IN (0, 1)), -- 1: asked, granted and used are CC-Money (413) in micros
	unit           INTEGER NOT NULL, -- 0 seconds, 1 octets, 2 input octets, 3 output octets, 4 messages
	asked          INTEGER, -- Requested-Service-Unit (437), units or micros
	granted        INTEGER, -- Granted-Service-Unit (431), units or micros
	used           INTEGER, -- Used-Service-Unit (446), units or micros
	cost_micros    INTEGER NOT NULL, -- charged by this request, micros; negative for a refund
	result_code    INTEGER NOT NULL, -- Result-Code (268) of the service; RFC 8506 9
	rule           INTEGER NOT NULL, -- place of the rule in the tariff, from 1; 0 none
	tariff_version INTEGER NOT NULL, -- of the tariff, 0 none
	rule_name      TEXT, -- name of the rule; NULL none, or one of a tariff that is not in force any more
	PRIMARY KEY (cdr_id, entry_no, ordinal)
) STRICT, WITHOUT ROWID;

-- Usage that nobody could be charged for: it came without a session that is known.
CREATE TABLE suspense (
	suspense_id    INTEGER PRIMARY KEY, -- ours, ascending
	at_us          INTEGER NOT NULL, -- arrival, wall clock, us
	origin_host_id INTEGER NOT NULL REFERENCES origin_host (origin_host_id), -- Origin-Host (264); RFC 6733 6.3
	session_id     TEXT NOT NULL,    -- Session-Id (263); RFC 6733 8.8
	identity       TEXT,             -- normal form of the first Subscription-Id (443); NULL none
	used           TEXT NOT NULL CHECK (json_valid(used)), -- JSON: units of all Used-Service-Unit (446) by kind
	posting_id     INTEGER REFERENCES posting (posting_id) -- what an operator charged for it; NULL not yet
) STRICT;

-- Question: what waits to be posted.
CREATE INDEX ix_suspense__waiting ON suspense (suspense_id) WHERE posting_id IS NULL;

-- Tariffs that were loaded: never changed, the next one has the next version.
CREATE TABLE tariff (
	version          INTEGER PRIMARY KEY, -- 1, 2, 3 ..
	name             TEXT NOT NULL,    -- as the file calls it
	text             TEXT NOT NULL,    -- the file
	loaded_us        INTEGER NOT NULL, -- wall clock of this node, us
	in_force_from_us INTEGER NOT NULL, -- rates what happens from then on, wall clock, us
	audit_id         INTEGER NOT NULL REFERENCES audit (audit_id) -- who loaded it
) STRICT;

DROP INDEX ix_cdr__open;

-- Question: the open sessions of a peer that restarted, by interface, and all open ones.
CREATE INDEX ix_cdr__open ON cdr (origin_host_id, source, origin_state_id) WHERE status = 1;

INSERT INTO sequence (name, next_value) VALUES ('posting_id', 1);

-- Accounts for people, with their main balance.
CREATE VIEW v_account AS
SELECT
	account.account_id,
	account.name,
	CASE account.status WHEN 1 THEN 'active' WHEN 2 THEN 'blocked' ELSE 'expired' END AS status,
	account.currency,
	main.balance AS balance_micros,
	main.reserved AS reserved_micros,
	main.balance - main.reserved + account.credit_limit_micros AS available_micros,
	account.credit_limit_micros,
	account.plan,
	strftime('%Y-%m-%dT%H:%M:%SZ', account.valid_until_us / 1000000, 'unixepoch') AS valid_until,
	strftime('%Y-%m-%dT%H:%M:%SZ', account.created_us / 1000000, 'unixepoch') AS created_at,
	(SELECT group_concat(identity_key, ' ') FROM account_identity
		WHERE account_identity.account_id = account.account_id) AS identities
FROM account JOIN bucket AS main ON main.account_id = account.account_id AND main.is_main = 1;

-- Buckets for people.
CREATE VIEW v_bucket AS
SELECT
	bucket.bucket_id,
	account.name AS account,
	bucket.name AS bucket,
	CASE bucket.kind WHEN 1 THEN 'money' WHEN 2 THEN 'seconds' WHEN 3 THEN 'octets'
		ELSE 'messages' END AS kind,
	bucket.balance,
	bucket.reserved,
	bucket.priority,
	bucket.service,
	strftime('%Y-%m-%dT%H:%M:%SZ', bucket.valid_from_us / 1000000, 'unixepoch') AS valid_from,
	strftime('%Y-%m-%dT%H:%M:%SZ', bucket.valid_until_us / 1000000, 'unixepoch') AS valid_until
FROM bucket JOIN account USING (account_id);

-- The ledger for people: the buckets' lines.
CREATE VIEW v_ledger AS
SELECT
	posting.posting_id,
	ledger_entry.line_no,
	strftime('%Y-%m-%dT%H:%M:%SZ', posting.at_us / 1000000, 'unixepoch') AS at,
	CASE posting.kind WHEN 1 THEN 'debit' WHEN 2 THEN 'refund' WHEN 3 THEN 'top-up'
		WHEN 4 THEN 'adjustment' WHEN 5 THEN 'lapse' WHEN 6 THEN 'opening'
		ELSE 'suspense' END AS kind,
	account.name AS account,
	bucket.name AS bucket,
	CASE ledger_entry.unit WHEN 1 THEN 'money' WHEN 2 THEN 'seconds' WHEN 3 THEN 'octets'
		ELSE 'messages' END AS unit,
	ledger_entry.amount,
	CASE ledger_entry.contra WHEN 1 THEN 'usage' WHEN 2 THEN 'top-up' WHEN 3 THEN 'adjustment'
		ELSE 'lapse' END AS contra,
	ledger_entry.balance_after,
	posting.cdr_id,
	cdr.session_id,
	posting.refunds,
	posting.reference,
	audit.who,
	audit.why
FROM ledger_entry
	JOIN posting USING (posting_id)
	JOIN account USING (account_id)
	JOIN bucket USING (bucket_id)
	LEFT JOIN cdr USING (cdr_id)
	LEFT JOIN audit USING (audit_id);

-- Open reservations for people.
CREATE VIEW v_reservation AS
SELECT
	cc_session.cc_session_id,
	cc_session.session_id,
	nullif(cc_session.sub_session, '') AS sub_session,
	origin_host.name AS origin_host,
	account.name AS account,
	bucket.name AS bucket,
	CASE bucket.kind WHEN 1 THEN 'money' WHEN 2 THEN 'seconds' WHEN 3 THEN 'octets'
		ELSE 'messages' END AS kind,
	cc_service.rating_group,
	cc_service.service_id,
	cc_service.granted,
	cc_hold.amount AS held,
	cc_session.cost_micros,
	strftime('%Y-%m-%dT%H:%M:%SZ', cc_session.until_us / 1000000, 'unixepoch') AS until
FROM cc_hold
	JOIN cc_session USING (cc_session_id)
	JOIN cc_service USING (cc_session_id, service_no)
	JOIN bucket USING (bucket_id)
	JOIN account ON account.account_id = bucket.account_id
	JOIN origin_host USING (origin_host_id);

-- What was charged for which service of which record, for people.
CREATE VIEW v_cdr_service AS
SELECT
	cdr_service.cdr_id,
	cdr_service.entry_no,
	cdr_service.ordinal,
	account.name AS account,
	cdr_service.rating_group,
	cdr_service.service_id,
	CASE WHEN cdr_service.is_money THEN 'micros'
		ELSE CASE cdr_service.unit WHEN 0 THEN 'seconds' WHEN 1 THEN 'octets' WHEN 2 THEN 'input octets'
			WHEN 3 THEN 'output octets' ELSE 'messages' END END AS unit,
	cdr_service.asked,
	cdr_service.granted,
	cdr_service.used,
	cdr_service.cost_micros,
	cdr_service.result_code,
	cdr_service.rule_name,
	cdr_service.tariff_version
FROM cdr_service
	LEFT JOIN cdr_charge USING (cdr_id)
	LEFT JOIN account USING (account_id);

DROP VIEW v_cdr;

-- Records for people, those of CH-2 with what they cost: times as ISO 8601 in UTC, words instead of
-- numbers.
CREATE VIEW v_cdr AS
SELECT
	cdr.cdr_id,
	cdr.local_sequence,
	CASE cdr.kind WHEN 1 THEN 'event' ELSE 'session' END AS kind,
	CASE cdr.status WHEN 1 THEN 'open' ELSE 'closed' END AS status,
	rtrim(
		iif(cdr.marks & 1, 'abnormal, ', '') ||
		iif(cdr.marks & 2, 'start lost, ', '') ||
		iif(cdr.marks & 4, 'interim lost, ', '') ||
		iif(cdr.marks & 8, 'stop lost, ', '') ||
		iif(cdr.marks & 16, 'late, ', '') ||
		iif(cdr.marks & 32, 'number reused, ', '') ||
		iif(cdr.marks & 64, 'unreadable content, ', '') ||
		iif(cdr.marks & 128, 'retransmitted, ', '') ||
		iif(cdr.marks & 256, 'clock skew, ', ''), ', ') AS marks,
	strftime('%Y-%m-%dT%H:%M:%SZ', cdr.started_us / 1000000, 'unixepoch') AS started_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', cdr.ended_us / 1000000, 'unixepoch') AS ended_at,
	(cdr.ended_us - cdr.started_us) / 1000000 AS duration_s,
	strftime('%Y-%m-%dT%H:%M:%SZ', cdr.closed_us / 1000000, 'unixepoch') AS closed_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', cdr.received_first_us / 1000000, 'unixepoch') AS received_first_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', cdr.received_last_us / 1000000, 'unixepoch') AS received_last_at,
	cdr.source,
	origin_host.name AS origin_host,
	cdr.origin_realm,
	cdr.session_id,
	nullif(cdr.sub_session, '') AS sub_session,
	cdr.multi_session_id,
	cdr.entry_count,
	cdr.user_name,
	cdr.service_context_id,
	cdr.application_server_id,
	CASE cdr.application_service_type
		WHEN 100 THEN 'sending' WHEN 101 THEN 'receiving' WHEN 102 THEN 'retrieval'
		WHEN 103 THEN 'inviting' WHEN 104 THEN 'leaving' WHEN 105 THEN 'joining'
		ELSE CAST(cdr.application_service_type AS TEXT) END AS application_service_type,
	cdr.application_session_id,
	cdr.delivery_status,
	cdr.icid,
	cdr.call_id,
	cdr.sip_method,
	cdr.calling_party,
	cdr.called_party,
	cdr.group_name,
	cdr.participants_invited,
	cdr.participants_attached,
	cdr.messages_sent,
	cdr.messages_exploded,
	cdr.messages_sent_delivered,
	cdr.messages_exploded_delivered,
	cdr.content_octets,
	cdr.cause_code,
	cdr.termination_cause,
	cdr.content,
	account.name AS account,
	cdr_charge.cost_micros,
	cdr_charge.currency
FROM cdr
	JOIN origin_host USING (origin_host_id)
	LEFT JOIN cdr_charge USING (cdr_id)
	LEFT JOIN account USING (account_id);

-- Must be empty: postings whose lines do not add up to zero for each unit.
CREATE VIEW v_unbalanced AS
SELECT posting_id FROM ledger_entry
GROUP BY posting_id
HAVING sum(iif(unit = 1, amount, 0)) <> 0 OR sum(iif(unit = 2, amount, 0)) <> 0
	OR sum(iif(unit = 3, amount, 0)) <> 0 OR sum(iif(unit = 4, amount, 0)) <> 0;

-- Must be empty: buckets whose balance is not the sum of their lines, or not that of the last line.
CREATE VIEW v_balance_conflict AS
SELECT bucket.bucket_id, bucket.balance,
	coalesce((SELECT sum(amount) FROM ledger_entry
		WHERE ledger_entry.bucket_id = bucket.bucket_id), 0) AS posted,
	coalesce((SELECT balance_after FROM ledger_entry
		WHERE ledger_entry.bucket_id = bucket.bucket_id
		ORDER BY posting_id DESC, line_no DESC LIMIT 1), 0) AS last_after
FROM bucket
WHERE bucket.balance <> posted OR bucket.balance <> last_after;

-- Must be empty: buckets of which not as much is reserved as open sessions hold.
CREATE VIEW v_reserve_conflict AS
SELECT bucket.bucket_id, bucket.reserved,
	coalesce((SELECT sum(amount) FROM cc_hold CROSS JOIN cc_session USING (cc_session_id)
		WHERE cc_hold.bucket_id = bucket.bucket_id AND cc_session.status = 1), 0) AS held
FROM bucket
WHERE bucket.reserved <> held OR bucket.reserved < 0;

-- Must be empty: records whose cost is not that of their services, or not what was debited for them.
CREATE VIEW v_charge_conflict AS
SELECT cdr_charge.cdr_id, cdr_charge.cost_micros,
	coalesce((SELECT sum(cost_micros) FROM cdr_service
		WHERE cdr_service.cdr_id = cdr_charge.cdr_id), 0) AS of_services,
	-coalesce((SELECT sum(amount) FROM posting CROSS JOIN ledger_entry USING (posting_id)
		WHERE posting.cdr_id = cdr_charge.cdr_id AND ledger_entry.unit = 1
			AND ledger_entry.bucket_id IS NOT NULL), 0) AS debited
FROM cdr_charge
WHERE cdr_charge.cost_micros <> of_services OR cdr_charge.cost_micros <> debited
UNION ALL
SELECT posting.cdr_id, 0, 0, 0 FROM posting
WHERE posting.cdr_id IS NOT NULL
	AND NOT EXISTS (SELECT 1 FROM cdr_charge WHERE cdr_charge.cdr_id = posting.cdr_id);

-- Must be empty: debits of which more was paid back than they were, or not what their refunds say.
CREATE VIEW v_refund_conflict AS
SELECT refundable.posting_id, refundable.charged_micros, refundable.refunded_micros,
	-coalesce((SELECT sum(amount) FROM ledger_entry
		WHERE ledger_entry.posting_id = refundable.posting_id AND unit = 1
			AND bucket_id IS NOT NULL), 0) AS debited,
	coalesce((SELECT sum(amount) FROM posting CROSS JOIN ledger_entry USING (posting_id)
		WHERE posting.refunds = refundable.posting_id AND ledger_entry.unit = 1
			AND ledger_entry.bucket_id IS NOT NULL), 0) AS paid_back
FROM refundable
WHERE refunded_micros > charged_micros OR charged_micros <> debited OR refunded_micros <> paid_back;

-- Must be empty: the first number of a posting that is missing.
CREATE VIEW v_posting_gap AS
SELECT next_value AS next_posting_id, (SELECT count(*) FROM posting) AS postings,
	(SELECT max(posting_id) FROM posting) AS highest
FROM sequence
WHERE name = 'posting_id' AND (next_value - 1 <> postings OR next_value - 1 <> coalesce(highest, 0));

PRAGMA user_version = 2;

COMMIT;
