-- SPDX-License-Identifier: BSD-3-Clause
-- The books are written at the end of their tables: what a request costs does not grow with the number
-- of accounts.
--
-- A line of the ledger is one row with both sides in it, linked to the line before it of the same
-- bucket; a session is one row with its services in it; what was answered lately is kept in parts that
-- are forgotten whole.  No column is checked against another table row by row: the views that must be
-- empty do that.

BEGIN IMMEDIATE;

-- What names the tables below; made anew at the end.
DROP VIEW v_account;
DROP VIEW v_bucket;
DROP VIEW v_ledger;
DROP VIEW v_reservation;
DROP VIEW v_unbalanced;
DROP VIEW v_balance_conflict;
DROP VIEW v_reserve_conflict;
DROP VIEW v_charge_conflict;
DROP VIEW v_refund_conflict;
DROP VIEW v_posting_gap;

-- The ledger: a row for each line, which says what moved in a bucket and, with the opposite sign,
-- where that went.  Lines of one posting follow each other.  Only ever added to.
CREATE TABLE ledger (
	ledger_id     INTEGER PRIMARY KEY, -- 256 * number of the posting + place of the line in it, from 0
	at_us         INTEGER NOT NULL, -- wall clock of this node, us
	kind          INTEGER NOT NULL, -- 1 debit, 2 refund, 3 top-up, 4 adjustment, 5 lapse, 6 opening, 7 suspense
	is_event      INTEGER NOT NULL, -- 1: a direct debit, whose number a refund may name
	account_id    INTEGER NOT NULL, -- whose bucket it moves
	bucket_id     INTEGER, -- the bucket; NULL: a posting that moved nothing
	line_count    INTEGER NOT NULL, -- of this bucket up to here: 1, 2, 3 ..; 0 without a bucket
	previous_id   INTEGER, -- ledger_id of the line before it of this bucket; NULL it is the first
	unit          INTEGER, -- as bucket.kind
	amount        INTEGER NOT NULL, -- micros or units; negative: out of the bucket
	contra        INTEGER, -- the other side: 1 usage, 2 top-up, 3 adjustment, 4 lapse
	balance_after INTEGER, -- of the bucket, micros or units
	cdr_id        INTEGER, -- the record that it was charged for; NULL none
	refunds       INTEGER, -- number of the posting that it pays back; NULL none; Refund-Information (2022)
	audit_id      INTEGER, -- who did it by hand; NULL nobody
	reference     TEXT, -- number of outside, such as that of a payment; NULL none
	posting_id    INTEGER GENERATED ALWAYS AS (ledger_id >> 8) VIRTUAL, -- its posting: ascending without a gap
	line_no       INTEGER GENERATED ALWAYS AS (2 * (ledger_id & 255) + 1) VIRTUAL -- 1, 3, 5 ..; where it went is line 2, 4, 6 ..
) STRICT;

INSERT INTO ledger (ledger_id, at_us, kind, is_event, account_id, bucket_id, line_count, previous_id,
	unit, amount, contra, balance_after, cdr_id, refunds, audit_id, reference)
SELECT 256 * posting.posting_id + coalesce((line.line_no - 1) / 2, 0), at_us, posting.kind,
	EXISTS (SELECT 1 FROM refundable WHERE refundable.posting_id = posting.posting_id),
	account_id, line.bucket_id, 0,
	(SELECT 256 * before.posting_id + (before.line_no - 1) / 2 FROM ledger_entry AS before
		WHERE before.bucket_id = line.bucket_id
			AND (before.posting_id, before.line_no) < (line.posting_id, line.line_no)
		ORDER BY before.posting_id DESC, before.line_no DESC LIMIT 1),
	unit, coalesce(amount, 0), contra, balance_after, cdr_id, refunds, audit_id, reference
FROM posting LEFT JOIN ledger_entry AS line
	ON line.posting_id = posting.posting_id AND line.bucket_id IS NOT NULL
ORDER BY posting.posting_id, line.line_no;

-- Each line after the one that it follows, which has its number by then.
UPDATE ledger SET line_count = 1 + coalesce((SELECT before.line_count FROM ledger AS before
	WHERE before.ledger_id = ledger.previous_id), 0)
WHERE bucket_id IS NOT NULL;

-- Question: what was paid back of this debit.
CREATE INDEX ix_ledger__refunds ON ledger (refunds) WHERE refunds IS NOT NULL;

-- Question: did this payment come before.
CREATE UNIQUE INDEX ix_ledger__reference ON ledger (reference) WHERE reference IS NOT NULL;

-- Between which times the postings of a zone were made: 1024 postings that follow each other.
CREATE TABLE ledger_zone (
	zone_no INTEGER PRIMARY KEY, -- number of the posting / 1024
	from_us  INTEGER NOT NULL, -- none of them was made before, us
	until_us INTEGER NOT NULL  -- none of them was made after, us
) STRICT;

INSERT INTO ledger_zone (zone_no, from_us, until_us)
SELECT ledger_id / 262144, min(at_us), max(at_us) FROM ledger GROUP BY ledger_id / 262144;

-- What an account pays from: money, or units of one kind.  The buckets of an account stand together.
CREATE TABLE bucket_new (
	account_id     INTEGER NOT NULL, -- whose it is
	bucket_id      INTEGER NOT NULL, -- ours, ascending over all accounts
	kind           INTEGER NOT NULL, -- 1 money, 2 seconds, 3 octets, 4 messages
	is_main        INTEGER NOT NULL, -- 1 for the one money bucket that may go below zero
	balance        INTEGER NOT NULL, -- micros or units: what the last of its lines in the ledger says
	reserved       INTEGER NOT NULL, -- micros or units: what open sessions hold
	line_count     INTEGER NOT NULL, -- its lines in the ledger
	last_id        INTEGER, -- ledger_id of the last of them; NULL none
	priority       INTEGER NOT NULL, -- lower pays first
	valid_from_us  INTEGER, -- does not pay before, wall clock, us; NULL always did
	valid_until_us INTEGER, -- does not pay from then on, wall clock, us; NULL for ever
	name           TEXT NOT NULL, -- within the account; the main one is 'main'
	service        TEXT NOT NULL, -- which services it pays: a rule's name, a Service-Context-Id (461) or its end after '*'; '' all
	PRIMARY KEY (account_id, bucket_id)
) STRICT, WITHOUT ROWID;

INSERT INTO bucket_new (account_id, bucket_id, kind, is_main, balance, reserved, line_count, last_id,
	priority, valid_from_us, valid_until_us, name, service)
SELECT account_id, bucket_id, kind, is_main, balance, reserved,
	coalesce((SELECT line_count FROM ledger WHERE ledger_id = last), 0), last,
	priority, valid_from_us, valid_until_us, name, service
FROM (SELECT *, (SELECT 256 * posting_id + (line_no - 1) / 2 FROM ledger_entry
		WHERE ledger_entry.bucket_id = bucket.bucket_id
		ORDER BY posting_id DESC, line_no DESC LIMIT 1) AS last
	FROM bucket)
ORDER BY account_id, bucket_id;

INSERT INTO sequence (name, next_value)
SELECT 'bucket_id', coalesce(max(bucket_id), 0) + 1 FROM bucket;

-- Sessions of CH-2: open ones, and for a while those that ended.
CREATE TABLE cc_session_new (
	cc_session_id  INTEGER PRIMARY KEY, -- ours, used again once it is forgotten
	origin_host_id INTEGER NOT NULL, -- Origin-Host (264); RFC 6733 6.3
	session_id     TEXT NOT NULL,    -- Session-Id (263); RFC 6733 8.8
	sub_session    TEXT NOT NULL,    -- CC-Sub-Session-Id (419) in decimal, '' absent; RFC 8506 8.5
	status         INTEGER NOT NULL, -- 1 open, 2 ended: late requests still find it
	account_id     INTEGER,          -- who pays
	cdr_id         INTEGER,          -- its record
	until_us       INTEGER NOT NULL, -- open: Tcc of RFC 8506 7; ended: forgotten then; steady clock, us
	look_at_us     INTEGER NOT NULL, -- when somebody looks whether it is over, at or before until_us, steady clock, us
	cost_micros    INTEGER NOT NULL, -- charged so far, micros
	services       TEXT NOT NULL     -- JSON: a list for each service in the order in which they began; v_cc_service names what is in it
) STRICT;

INSERT INTO cc_session_new (cc_session_id, origin_host_id, session_id, sub_session, status, account_id,
	cdr_id, until_us, look_at_us, cost_micros, services)
SELECT cc_session_id, origin_host_id, session_id, sub_session, status, account_id, cdr_id, until_us,
	until_us, cost_micros,
	(SELECT '[' || coalesce(group_concat(service, ','), '') || ']' FROM (
		SELECT json_array(rating_group, service_id, is_money, unit, granted, is_closed, rule, band,
			tariff_version, units, settled_micros, charged_micros, json((
				SELECT '[' || coalesce(group_concat(hold, ','), '') || ']' FROM (
					SELECT json_array(bucket_id, amount) AS hold FROM cc_hold
					WHERE cc_hold.cc_session_id = cc_service.cc_session_id
						AND cc_hold.service_no = cc_service.service_no
					ORDER BY hold_no)))) AS service
		FROM cc_service WHERE cc_service.cc_session_id = cc_session.cc_session_id
		ORDER BY service_no))
FROM cc_session;

-- Answers that were given lately are kept in parts: the one that grows, and the one before it.
CREATE TABLE answer_epoch (
	epoch    INTEGER PRIMARY KEY, -- ours, ascending; the highest one grows
	began_us INTEGER -- arrival of its first request, wall clock, us; NULL none came yet
) STRICT;

INSERT INTO answer_epoch (epoch, began_us)
SELECT 1, max(received_us) FROM cc_answer HAVING count(*) > 0;

-- Answers that were given lately, so that a repeated request gets the same one and is not charged
-- again (RFC 8506 10.1, RFC 6733 5.5.4).  Forgotten after a while.
CREATE TABLE cc_answer_new (
	epoch          INTEGER NOT NULL, -- the part that it is in
	origin_host_id INTEGER NOT NULL, -- Origin-Host (264); RFC 6733 6.3
	session_id     TEXT NOT NULL,    -- Session-Id (263); RFC 6733 8.8
	sub_session    TEXT NOT NULL,    -- CC-Sub-Session-Id (419) in decimal, '' absent; RFC 8506 8.5
	record_number  INTEGER NOT NULL, -- CC-Request-Number (415); RFC 8506 8.2
	record_type    INTEGER NOT NULL, -- CC-Request-Type (416) as a record has it: 1 EVENT, 2 INITIAL, 3 UPDATE, 4 TERMINATION
	digest         BLOB NOT NULL,    -- of the request's content, 16 octets
	answer         BLOB NOT NULL,    -- AVPs of the answer, without header and Proxy-Info (284)
	PRIMARY KEY (epoch, origin_host_id, session_id, sub_session, record_number, record_type)
) STRICT, WITHOUT ROWID;

INSERT INTO cc_answer_new (epoch, origin_host_id, session_id, sub_session, record_number, record_type,
	digest, answer)
SELECT 1, origin_host_id, session_id, sub_session, record_number, record_type, digest, answer
FROM cc_answer
ORDER BY origin_host_id, session_id, sub_session, record_number, record_type;

-- Usage that nobody could be charged for: it came without a session that is known.
CREATE TABLE suspense_new (
	suspense_id    INTEGER PRIMARY KEY, -- ours, ascending
	at_us          INTEGER NOT NULL, -- arrival, wall clock, us
	origin_host_id INTEGER NOT NULL, -- Origin-Host (264); RFC 6733 6.3
	session_id     TEXT NOT NULL,    -- Session-Id (263); RFC 6733 8.8
	identity       TEXT,             -- normal form of the first Subscription-Id (443); NULL none
	used           TEXT NOT NULL,    -- JSON: units of all Used-Service-Unit (446) by kind
	posting_id     INTEGER           -- number of the posting with which an operator charged for it; NULL not yet
) STRICT;

INSERT INTO suspense_new SELECT * FROM suspense;

-- What the requests of CH-2 did for each service.
CREATE TABLE cdr_service_new (
	cdr_id         INTEGER NOT NULL, -- the record
	entry_no       INTEGER NOT NULL, -- the entry of its timeline; 0 for an event
	ordinal        INTEGER NOT NULL, -- place within the request, from 1
	posting_id     INTEGER, -- number of the posting that the request came to, at ordinal 1; NULL none
	rating_group   INTEGER, -- Rating-Group (432); RFC 8506 8.29
	service_id     INTEGER, -- the first Service-Identifier (439); RFC 8506 8.28
	is_money       INTEGER NOT NULL, -- 1: asked, granted and used are CC-Money (413) in micros
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

-- A request and its posting have the same time; of several at one time, the first is that of the first.
INSERT INTO cdr_service_new
SELECT request.cdr_id, entry_no, ordinal, iif(ordinal = 1, posted.posting_id, NULL), rating_group,
	service_id, is_money, unit, asked, granted, used, cost_micros, result_code, rule, tariff_version,
	rule_name
FROM (SELECT cdr_service.*, coalesce(cdr_entry.received_us, cdr.received_first_us) AS at_us,
		row_number() OVER (PARTITION BY cdr_service.cdr_id,
			coalesce(cdr_entry.received_us, cdr.received_first_us), ordinal
			ORDER BY cdr_service.entry_no) AS place
	FROM cdr_service
		LEFT JOIN cdr ON cdr.cdr_id = cdr_service.cdr_id
		LEFT JOIN cdr_entry ON cdr_entry.cdr_id = cdr_service.cdr_id
			AND cdr_entry.entry_no = cdr_service.entry_no) AS request
	LEFT JOIN (SELECT posting_id, cdr_id, at_us,
			row_number() OVER (PARTITION BY cdr_id, at_us ORDER BY posting_id) AS place
		FROM posting WHERE cdr_id IS NOT NULL) AS posted
		ON posted.cdr_id = request.cdr_id AND posted.at_us = request.at_us
			AND posted.place = request.place;

-- Views go on naming what is renamed below.
PRAGMA legacy_alter_table = ON;

DROP TABLE refundable;
DROP TABLE ledger_entry;
DROP TABLE cc_hold;
DROP TABLE cc_service;
DROP TABLE suspense;
ALTER TABLE suspense_new RENAME TO suspense;
DROP TABLE posting;
DROP TABLE bucket;
ALTER TABLE bucket_new RENAME TO bucket;
DROP TABLE cc_session;
ALTER TABLE cc_session_new RENAME TO cc_session;
DROP TABLE cc_answer;
ALTER TABLE cc_answer_new RENAME TO cc_answer;
DROP TABLE cdr_service;
ALTER TABLE cdr_service_new RENAME TO cdr_service;

PRAGMA legacy_alter_table = OFF;

-- Question: the session of this request.
CREATE UNIQUE INDEX ix_cc_session__session ON cc_session (session_id, origin_host_id, sub_session);

-- Question: whose time may be over (asked after every turn of the engine).
CREATE INDEX ix_cc_session__look_at_us ON cc_session (look_at_us);

-- Question: what waits to be posted.
CREATE INDEX ix_suspense__waiting ON suspense (suspense_id) WHERE posting_id IS NULL;

-- The program never changes a line; this is for others who could.
CREATE TRIGGER tr_ledger__update BEFORE UPDATE ON ledger
BEGIN SELECT raise(ABORT, 'the ledger is only added to: post an adjustment'); END;

-- As above.
CREATE TRIGGER tr_ledger__delete BEFORE DELETE ON ledger
BEGIN SELECT raise(ABORT, 'the ledger is only added to: post an adjustment'); END;

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
	ledger.posting_id,
	ledger.line_no,
	strftime('%Y-%m-%dT%H:%M:%SZ', ledger.at_us / 1000000, 'unixepoch') AS at,
	CASE ledger.kind WHEN 1 THEN 'debit' WHEN 2 THEN 'refund' WHEN 3 THEN 'top-up'
		WHEN 4 THEN 'adjustment' WHEN 5 THEN 'lapse' WHEN 6 THEN 'opening'
		ELSE 'suspense' END AS kind,
	account.name AS account,
	bucket.name AS bucket,
	CASE ledger.unit WHEN 1 THEN 'money' WHEN 2 THEN 'seconds' WHEN 3 THEN 'octets'
		ELSE 'messages' END AS unit,
	ledger.amount,
	CASE ledger.contra WHEN 1 THEN 'usage' WHEN 2 THEN 'top-up' WHEN 3 THEN 'adjustment'
		ELSE 'lapse' END AS contra,
	ledger.balance_after,
	ledger.cdr_id,
	cdr.session_id,
	ledger.refunds,
	ledger.reference,
	audit.who,
	audit.why
FROM ledger
	JOIN account USING (account_id)
	JOIN bucket USING (account_id, bucket_id)
	LEFT JOIN cdr USING (cdr_id)
	LEFT JOIN audit USING (audit_id);

-- Both sides of each line: what moved in a bucket, and after it where that went.
CREATE VIEW v_ledger_side AS
SELECT posting_id, line_no, account_id, bucket_id, unit, amount, contra
FROM ledger WHERE bucket_id IS NOT NULL
UNION ALL
SELECT posting_id, line_no + 1, account_id, NULL, unit, -amount, contra
FROM ledger WHERE bucket_id IS NOT NULL;

-- Services of the sessions: what names each, and what it came to.
CREATE VIEW v_cc_service AS
SELECT
	cc_session.cc_session_id,
	service.key + 1 AS service_no,          -- 1, 2, 3 .. in the order in which they began
	service.value ->> 0 AS rating_group,    -- Rating-Group (432); RFC 8506 8.29
	service.value ->> 1 AS service_id,      -- the first Service-Identifier (439); RFC 8506 8.28
	service.value ->> 2 AS is_money,        -- 1: the client rates, units are CC-Money (413)
	service.value ->> 3 AS unit,            -- 0 seconds, 1 octets, 2 input octets, 3 output octets, 4 messages
	service.value ->> 4 AS granted,         -- of the grant that is out, units or micros, 0 none; Granted-Service-Unit (431)
	service.value ->> 5 AS is_closed,       -- 1: reported FINAL
	service.value ->> 6 AS rule,            -- place of the rule in the tariff, from 1; 0 not rated yet
	service.value ->> 7 AS band,            -- place of the band in the rule, from 0
	service.value ->> 8 AS tariff_version,  -- of the tariff it was rated by, 0 none
	service.value ->> 9 AS units,           -- priced units in this band
	service.value ->> 10 AS settled_micros, -- what came before this band: set-up fee, other bands, other rules, micros
	service.value ->> 11 AS charged_micros, -- charged in total, micros
	service.value -> 12 AS holds            -- what the grant holds: a list of bucket_id and micros or units
FROM cc_session CROSS JOIN json_each(cc_session.services) AS service;

-- What sessions hold of which bucket, open ones and those that ended.
CREATE VIEW v_cc_hold AS
SELECT v_cc_service.cc_session_id, service_no, cc_session.account_id,
	hold.value ->> 0 AS bucket_id,
	hold.value ->> 1 AS amount
FROM cc_session
	JOIN v_cc_service USING (cc_session_id)
	CROSS JOIN json_each(v_cc_service.holds) AS hold;

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
	v_cc_service.rating_group,
	v_cc_service.service_id,
	v_cc_service.granted,
	v_cc_hold.amount AS held,
	cc_session.cost_micros,
	strftime('%Y-%m-%dT%H:%M:%SZ', cc_session.until_us / 1000000, 'unixepoch') AS until
FROM v_cc_hold
	JOIN cc_session USING (cc_session_id)
	JOIN v_cc_service USING (cc_session_id, service_no)
	JOIN bucket ON bucket.account_id = v_cc_hold.account_id AND bucket.bucket_id = v_cc_hold.bucket_id
	JOIN account ON account.account_id = bucket.account_id
	JOIN origin_host USING (origin_host_id);

-- Must be empty: postings for each line that lacks one of its sides, or the line before it.
CREATE VIEW v_unbalanced AS
SELECT posting_id FROM ledger
WHERE CASE WHEN bucket_id IS NULL
		THEN amount <> 0 OR contra IS NOT NULL OR (ledger_id & 255) <> 0
		ELSE coalesce(unit NOT BETWEEN 1 AND 4, TRUE) OR coalesce(contra NOT BETWEEN 1 AND 4, TRUE)
			OR balance_after IS NULL END
	OR ((ledger_id & 255) <> 0 AND NOT EXISTS (SELECT 1 FROM ledger AS before
		WHERE before.ledger_id = ledger.ledger_id - 1 AND before.at_us = ledger.at_us
			AND before.kind = ledger.kind AND before.account_id = ledger.account_id));

-- Must be empty: lines that do not follow from the one before of the same bucket.
CREATE VIEW v_chain_conflict AS
SELECT ledger.ledger_id, ledger.posting_id, ledger.bucket_id, ledger.previous_id
FROM ledger LEFT JOIN ledger AS before ON before.ledger_id = ledger.previous_id
WHERE ledger.bucket_id IS NOT NULL AND (
	ledger.line_count <> coalesce(before.line_count, 0) + 1
	OR ledger.balance_after IS NOT coalesce(before.balance_after, 0) + ledger.amount
	OR (ledger.previous_id IS NOT NULL AND (ledger.previous_id >= ledger.ledger_id
		OR before.bucket_id IS NOT ledger.bucket_id OR before.account_id IS NOT ledger.account_id
		OR before.unit IS NOT ledger.unit)));

-- Must be empty: buckets whose balance is not that of their last line, or that have lines which no
-- other one follows.  As many lines as the last one counts, each after the one before, are all there
-- are; so the balance is their sum.  Who is short of lines is asked only if there are too many or few.
CREATE VIEW v_balance_conflict AS
SELECT bucket.bucket_id, bucket.balance, bucket.line_count, last.balance_after AS last_after
FROM bucket LEFT JOIN ledger AS last ON last.ledger_id = bucket.last_id
WHERE bucket.balance <> coalesce(last.balance_after, 0)
	OR bucket.line_count <> coalesce(last.line_count, 0)
	OR (bucket.last_id IS NOT NULL AND (last.bucket_id IS NOT bucket.bucket_id
		OR last.account_id IS NOT bucket.account_id))
UNION ALL
SELECT bucket_id, balance, line_count, NULL FROM bucket
WHERE (SELECT sum(line_count) FROM bucket) <> (SELECT count(bucket_id) FROM ledger)
	AND CASE line_count WHEN 0 THEN bucket_id IN (SELECT bucket_id FROM ledger)
		ELSE (bucket_id, line_count) NOT IN (SELECT bucket_id, count(*) FROM ledger
			WHERE bucket_id IS NOT NULL GROUP BY bucket_id) END
UNION ALL
SELECT bucket_id, 0, line_count, balance_after FROM ledger
WHERE coalesce((SELECT sum(line_count) FROM bucket), 0) <> (SELECT count(bucket_id) FROM ledger)
	AND bucket_id IS NOT NULL
	AND NOT EXISTS (SELECT 1 FROM bucket
		WHERE bucket.account_id = ledger.account_id AND bucket.bucket_id = ledger.bucket_id);

-- Must be empty: buckets of which not as much is reserved as open sessions hold.
CREATE VIEW v_reserve_conflict AS
WITH held AS MATERIALIZED (
	SELECT v_cc_hold.account_id, v_cc_hold.bucket_id, sum(v_cc_hold.amount) AS amount
	FROM v_cc_hold JOIN cc_session USING (cc_session_id)
	WHERE cc_session.status = 1
	GROUP BY v_cc_hold.account_id, v_cc_hold.bucket_id)
SELECT bucket.bucket_id, bucket.reserved, coalesce(held.amount, 0) AS held
FROM bucket LEFT JOIN held
	ON held.account_id = bucket.account_id AND held.bucket_id = bucket.bucket_id
WHERE bucket.reserved <> coalesce(held.amount, 0) OR bucket.reserved < 0
UNION ALL
SELECT bucket_id, 0, amount FROM held
WHERE NOT EXISTS (SELECT 1 FROM bucket
	WHERE bucket.account_id = held.account_id AND bucket.bucket_id = held.bucket_id);

-- Must be empty: records whose cost is not that of their services, or not what was debited for them,
-- and records that lines of the ledger name while they do not name those.  Records that were taken
-- away are not asked for.
CREATE VIEW v_charge_conflict AS
SELECT cdr_charge.cdr_id, cdr_charge.cost_micros,
	coalesce((SELECT sum(cost_micros) FROM cdr_service
		WHERE cdr_service.cdr_id = cdr_charge.cdr_id), 0) AS of_services,
	-coalesce((SELECT sum(amount) FROM cdr_service CROSS JOIN ledger
			ON ledger.ledger_id BETWEEN 256 * cdr_service.posting_id
				AND 256 * cdr_service.posting_id + 255
		WHERE cdr_service.cdr_id = cdr_charge.cdr_id AND cdr_service.posting_id IS NOT NULL
			AND ledger.unit = 1 AND ledger.cdr_id = cdr_charge.cdr_id), 0) AS debited
FROM cdr_charge
WHERE cdr_charge.cost_micros <> of_services OR cdr_charge.cost_micros <> debited
UNION ALL
SELECT ledger.cdr_id, 0, 0, 0 FROM ledger JOIN cdr ON cdr.cdr_id = ledger.cdr_id
WHERE NOT EXISTS (SELECT 1 FROM cdr_charge WHERE cdr_charge.cdr_id = ledger.cdr_id)
UNION ALL
SELECT ledger.cdr_id, 0, 0, 0 FROM ledger JOIN cdr ON cdr.cdr_id = ledger.cdr_id
WHERE (SELECT count(*) FROM cdr_service CROSS JOIN ledger AS line
			ON line.ledger_id BETWEEN 256 * cdr_service.posting_id
				AND 256 * cdr_service.posting_id + 255
		WHERE cdr_service.posting_id IS NOT NULL AND line.cdr_id = cdr_service.cdr_id)
		<> (SELECT count(*) FROM ledger AS line JOIN cdr ON cdr.cdr_id = line.cdr_id)
	AND NOT EXISTS (SELECT 1 FROM cdr_service
		WHERE cdr_service.cdr_id = ledger.cdr_id AND cdr_service.posting_id = ledger.posting_id);

-- Must be empty: debits of which more was paid back than they were.
CREATE VIEW v_refund_conflict AS
SELECT refunds AS posting_id, sum(amount) AS paid_back,
	-coalesce((SELECT sum(debit.amount) FROM ledger AS debit
		WHERE debit.ledger_id BETWEEN 256 * ledger.refunds AND 256 * ledger.refunds + 255
			AND debit.unit = 1 AND debit.kind = 1 AND debit.is_event = 1), 0) AS debited
FROM ledger
WHERE refunds IS NOT NULL AND unit = 1
GROUP BY refunds
HAVING paid_back > debited;

-- Must be empty: the first number of a posting that is missing.
CREATE VIEW v_posting_gap AS
SELECT next_value AS next_posting_id,
	(SELECT count(*) FROM ledger WHERE (ledger_id & 255) = 0) AS postings,
	(SELECT max(ledger_id) / 256 FROM ledger) AS highest
FROM sequence
WHERE name = 'posting_id' AND (next_value - 1 <> postings OR next_value - 1 <> coalesce(highest, 0));

-- Must be empty: lines that were made outside the times of their zone.
CREATE VIEW v_ledger_zone_conflict AS
SELECT ledger.ledger_id, ledger.at_us, ledger_zone.from_us, ledger_zone.until_us
FROM ledger LEFT JOIN ledger_zone ON ledger_zone.zone_no = ledger.ledger_id / 262144
WHERE ledger_zone.zone_no IS NULL
	OR ledger.at_us NOT BETWEEN ledger_zone.from_us AND ledger_zone.until_us;

-- Must be empty: sessions whose columns contradict each other, and answers that no part has.
CREATE VIEW v_session_conflict AS
SELECT cc_session_id FROM cc_session
WHERE status NOT IN (1, 2) OR look_at_us > until_us OR NOT json_valid(services)
UNION ALL
SELECT 0 FROM cc_answer
WHERE NOT EXISTS (SELECT 1 FROM answer_epoch WHERE answer_epoch.epoch = cc_answer.epoch)
	OR length(digest) <> 16;

PRAGMA user_version = 4;

COMMIT;
