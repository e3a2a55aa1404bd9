-- SPDX-License-Identifier: BSD-3-Clause
-- What a request of CH-2 did and what its record cost stand in rows that are written anyway: the entry of
-- a session's timeline, and the record of an event.
--
-- cdr_service and cdr_charge were tables of their own, with a row for each service of each request and
-- an upsert for each request.

BEGIN IMMEDIATE;

-- Views and foreign keys go on naming what is renamed below.
PRAGMA legacy_alter_table = ON;

DROP VIEW v_cdr;
DROP VIEW v_cdr_service;
DROP VIEW v_content_conflict;
DROP VIEW v_charge_conflict;

-- Charging records: one row per event, one per session.
CREATE TABLE cdr_new (
	cdr_id                   INTEGER PRIMARY KEY, -- ours, ascending in order of opening
	local_sequence           INTEGER,          -- given on closing, gap-free over the node; localRecordSequenceNumber, TS 32.298 5.1.3.1.29
	kind                     INTEGER NOT NULL, -- 1 event, 2 session; TS 32.299 6.1.2, 6.1.3
	status                   INTEGER NOT NULL, -- 1 open, 2 closed; TS 32.299 6.1.3
	marks                    INTEGER NOT NULL, -- bits of src/core/mark.def: quality of the record
	has_start                INTEGER NOT NULL, -- 1 when START_RECORD came; RFC 6733 9.8.1
	has_stop                 INTEGER NOT NULL, -- 1 when STOP_RECORD came; RFC 6733 9.8.1
	entry_count              INTEGER NOT NULL, -- rows of cdr_entry; 0 for an event
	number_count             INTEGER NOT NULL, -- entries that brought a number of their own; RFC 6733 9.8.3
	number_min               INTEGER NOT NULL, -- lowest Accounting-Record-Number (485); RFC 6733 9.8.3
	number_max               INTEGER NOT NULL, -- highest Accounting-Record-Number (485); RFC 6733 9.8.3
	started_us               INTEGER NOT NULL, -- Event-Timestamp (55) of START, or of the first record, us; RFC 6733 8.21
	last_us                  INTEGER NOT NULL, -- Event-Timestamp (55) of the latest record, us; RFC 6733 8.21
	figures_us               INTEGER NOT NULL, -- Event-Timestamp (55) of the record that the figures come from, us
	ended_us                 INTEGER,          -- Event-Timestamp (55) of STOP, or of the last record before silence, us
	closed_us                INTEGER,          -- when this node closed it, wall clock, us
	supervise_until_us       INTEGER,          -- silence until then closes it, steady clock, us; NULL unsupervised; Ts of RFC 6733 8.2
	look_at_us               INTEGER,          -- when supervision looks at it, at or before supervise_until_us, steady clock, us; NULL unsupervised
	origin_state_id          INTEGER NOT NULL, -- Origin-State-Id (278) of the peer at its last touch, 0 unknown; RFC 6733 8.16
	interim_interval_s       INTEGER NOT NULL, -- Acct-Interim-Interval (85) in force, s, 0 none; RFC 6733 9.8.2
	received_first_us        INTEGER NOT NULL, -- arrival of the first request, wall clock, us
	received_last_us         INTEGER NOT NULL, -- arrival of the latest request, wall clock, us
	source                   TEXT NOT NULL,    -- interface: 'CH-1' or 'CH-2'
	origin_host_id           INTEGER NOT NULL REFERENCES origin_host (origin_host_id), -- Origin-Host (264); RFC 6733 6.3
	origin_realm             TEXT,             -- Origin-Realm (296); RFC 6733 6.4
	session_id               TEXT NOT NULL,    -- Session-Id (263); RFC 6733 8.8
	sub_session              TEXT NOT NULL,    -- Accounting-Sub-Session-Id (287) in decimal, '' absent; RFC 6733 9.8.6
	multi_session_id         TEXT,             -- Acct-Multi-Session-Id (50); RFC 6733 9.8.5
	user_name                TEXT,             -- User-Name (1); RFC 6733 8.14
	service_context_id       TEXT,             -- Service-Context-Id (461); TS 32.299 7.1.12
	application_server_id    TEXT,             -- Application-Server-ID (2101); OMA-DDS-Charging_Data
	application_service_type INTEGER,          -- Application-Service-Type (2102); OMA-DDS-Charging_Data 6.2.4
	application_session_id   INTEGER,          -- Application-Session-ID (2103); OMA-DDS-Charging_Data 6.2.6
	delivery_status          TEXT,             -- Delivery-Status (2104); OMA-DDS-Charging_Data 6.2.19
	icid                     TEXT,             -- IMS-Charging-Identifier (841); TS 32.299
	call_id                  TEXT,             -- User-Session-Id (830), the SIP Call-ID; TS 32.299
	sip_method               TEXT,             -- SIP-Method (824); TS 32.299
	calling_party            TEXT,             -- the first Calling-Party-Address (831); TS 32.299
	called_party             TEXT,             -- the first Called-Party-Address (832); TS 32.299
	group_name               TEXT,             -- PoC-Group-Name (859); TS 32.299
	participants_invited     INTEGER,          -- Number-Of-Participants (885) of START; TS 32.299
	participants_attached    INTEGER,          -- Number-Of-Participants (885) of the latest other record; TS 32.299
	messages_sent            INTEGER,          -- Total-Number-Of-Messages-Sent (2114), messages; TS 32.299
	messages_exploded        INTEGER,          -- Total-Number-Of-Messages-Exploded (2113), messages; TS 32.299
	messages_sent_delivered  INTEGER,          -- Number-Of-Messages-Successfully-Sent (2112), messages; TS 32.299
	messages_exploded_delivered INTEGER,       -- Number-Of-Messages-Successfully-Exploded (2111), messages; TS 32.299
	content_octets           INTEGER,          -- sum of Content-Length (827) over all Message-Body (889), octets; TS 32.299
	cause_code               INTEGER,          -- Cause-Code (861), <= 0 success, >= 1 failure; TS 32.299 7.2.35
	termination_cause        INTEGER,          -- Termination-Cause (295); RFC 6733 8.15
	account_id               INTEGER REFERENCES account (account_id), -- who paid for it; NULL nobody, as for CH-1
	currency                 INTEGER,          -- of that account: number of ISO 4217
	cost_micros              INTEGER,          -- charged less refunded, micros; NULL nobody was charged; Cost-Information (423)
	posting_id               INTEGER,          -- number of the posting that an event of CH-2 came to; NULL none
	services                 TEXT,             -- JSON: what an event of CH-2 did for each service, a list for each; v_cdr_service names what is in it; NULL none
	parties                  TEXT,             -- JSON object: each party by its normal form, at most 255 octets (RFC 3261 19.1.4, RFC 3966 5), to bits: 1 calling (831), 2 called (832), 4 subscriber (443, 1), 8 charged (857), 16 participant (887)
	content                  TEXT NOT NULL -- JSON object: every other AVP by name, of the record that the figures come from
) STRICT;

INSERT INTO cdr_new (
	cdr_id, local_sequence, kind, status, marks, has_start, has_stop, entry_count, number_count,
	number_min, number_max, started_us, last_us, figures_us, ended_us, closed_us,
	supervise_until_us, look_at_us, origin_state_id, interim_interval_s, received_first_us,
	received_last_us, source, origin_host_id, origin_realm, session_id, sub_session,
	multi_session_id, user_name, service_context_id, application_server_id,
	application_service_type, application_session_id, delivery_status, icid, call_id, sip_method,
	calling_party, called_party, group_name, participants_invited, participants_attached,
	messages_sent, messages_exploded, messages_sent_delivered, messages_exploded_delivered,
	content_octets, cause_code, termination_cause, account_id, currency, cost_micros, posting_id,
	services, parties, content)
SELECT
	cdr.cdr_id, local_sequence, kind, status, marks, has_start, has_stop, entry_count,
	number_count, number_min, number_max, started_us, last_us, figures_us, ended_us, closed_us,
	supervise_until_us, look_at_us, origin_state_id, interim_interval_s, received_first_us,
	received_last_us, source, origin_host_id, origin_realm, session_id, sub_session,
	multi_session_id, user_name, service_context_id, application_server_id,
	application_service_type, application_session_id, delivery_status, icid, call_id, sip_method,
	calling_party, called_party, group_name, participants_invited, participants_attached,
	messages_sent, messages_exploded, messages_sent_delivered, messages_exploded_delivered,
	content_octets, cause_code, termination_cause, cdr_charge.account_id, cdr_charge.currency,
	cdr_charge.cost_micros,
	(SELECT max(posting_id) FROM cdr_service WHERE cdr_service.cdr_id = cdr.cdr_id AND entry_no = 0),
	(SELECT '[' || group_concat(service, ',') || ']' FROM (
		SELECT json_array(rating_group, service_id, is_money, unit, asked, granted, used,
			cost_micros, result_code, rule, tariff_version, rule_name) AS service
		FROM cdr_service WHERE cdr_service.cdr_id = cdr.cdr_id AND entry_no = 0
		ORDER BY ordinal)),
	parties, content
FROM cdr LEFT JOIN cdr_charge ON cdr_charge.cdr_id = cdr.cdr_id
ORDER BY cdr.cdr_id;

-- The timeline of a session: one row per request.
CREATE TABLE cdr_entry_new (
	cdr_id            INTEGER NOT NULL REFERENCES cdr (cdr_id) ON DELETE CASCADE, -- the session's record
	entry_no          INTEGER NOT NULL, -- 1, 2, 3 ... in the order of arrival
	record_type       INTEGER NOT NULL, -- Accounting-Record-Type (480): 2 START, 3 INTERIM, 4 STOP; RFC 6733 9.8.1
	record_number     INTEGER NOT NULL, -- Accounting-Record-Number (485); RFC 6733 9.8.3
	marks             INTEGER NOT NULL, -- bits of src/core/mark.def, of this entry alone
	event_us          INTEGER,          -- Event-Timestamp (55), us; RFC 6733 8.21
	received_us       INTEGER NOT NULL, -- arrival, wall clock, us
	application_service_type INTEGER,   -- Application-Service-Type (2102); OMA-DDS-Charging_Data 6.2.4
	participants      INTEGER,          -- Number-Of-Participants (885): START invited, later attached; TS 32.299
	messages_sent     INTEGER,          -- Total-Number-Of-Messages-Sent (2114), messages; TS 32.299
	messages_exploded INTEGER,          -- Total-Number-Of-Messages-Exploded (2113), messages; TS 32.299
	messages_sent_delivered     INTEGER, -- Number-Of-Messages-Successfully-Sent (2112), messages; TS 32.299
	messages_exploded_delivered INTEGER, -- Number-Of-Messages-Successfully-Exploded (2111), messages; TS 32.299
	cause_code        INTEGER,          -- Cause-Code (861), <= 0 success, >= 1 failure; TS 32.299 7.2.35
	posting_id        INTEGER,          -- number of the posting that a request of CH-2 came to; NULL none
	services          TEXT,             -- JSON: what a request of CH-2 did for each service, a list for each; v_cdr_service names what is in it; NULL none
	content           TEXT NOT NULL, -- JSON object: every other AVP of the request by name
	PRIMARY KEY (cdr_id, entry_no)
) STRICT, WITHOUT ROWID;

INSERT INTO cdr_entry_new (
	cdr_id, entry_no, record_type, record_number, marks, event_us, received_us,
	application_service_type, participants, messages_sent, messages_exploded,
	messages_sent_delivered, messages_exploded_delivered, cause_code, posting_id, services, content)
SELECT
	cdr_entry.cdr_id, entry_no, record_type, record_number, marks, event_us, received_us,
	application_service_type, participants, messages_sent, messages_exploded,
	messages_sent_delivered, messages_exploded_delivered, cause_code,
	(SELECT max(posting_id) FROM cdr_service WHERE cdr_service.cdr_id = cdr_entry.cdr_id
		AND cdr_service.entry_no = cdr_entry.entry_no),
	(SELECT '[' || group_concat(service, ',') || ']' FROM (
		SELECT json_array(rating_group, service_id, is_money, unit, asked, granted, used,
			cost_micros, result_code, rule, tariff_version, rule_name) AS service
		FROM cdr_service WHERE cdr_service.cdr_id = cdr_entry.cdr_id
			AND cdr_service.entry_no = cdr_entry.entry_no
		ORDER BY ordinal)),
	content
FROM cdr_entry ORDER BY cdr_entry.cdr_id, cdr_entry.entry_no;

DROP TABLE cdr_charge;
DROP TABLE cdr_service;
DROP TABLE cdr_entry;
ALTER TABLE cdr_entry_new RENAME TO cdr_entry;
DROP TABLE cdr;
ALTER TABLE cdr_new RENAME TO cdr;

PRAGMA legacy_alter_table = OFF;

-- Question: the record of this session (every START, INTERIM, STOP asks).
CREATE INDEX ix_cdr__session ON cdr (session_id, origin_host_id, sub_session) WHERE kind = 2;

-- Question: which silence may last too long (asked after every turn of the engine).
CREATE INDEX ix_cdr__look_at_us ON cdr (look_at_us) WHERE look_at_us IS NOT NULL;

-- Question: the open sessions of a peer that restarted, by interface, and all open ones.
CREATE INDEX ix_cdr__open ON cdr (origin_host_id, source, origin_state_id) WHERE status = 1;

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
	cdr.cost_micros,
	cdr.currency
FROM cdr
	JOIN origin_host USING (origin_host_id)
	LEFT JOIN account ON account.account_id = cdr.account_id;

-- Requests of CH-2: what each came to in the ledger, and what it did for its services.
CREATE VIEW v_cdr_request AS
SELECT cdr_id, 0 AS entry_no, posting_id, services FROM cdr
WHERE services IS NOT NULL
UNION ALL
SELECT cdr_id, entry_no, posting_id, services FROM cdr_entry
WHERE services IS NOT NULL;

-- What was charged for which service of which record, for people.
CREATE VIEW v_cdr_service AS
SELECT
	v_cdr_request.cdr_id,
	v_cdr_request.entry_no,                -- the entry of its timeline; 0 for an event
	service.key + 1 AS ordinal,            -- place within the request, from 1
	account.name AS account,
	service.value ->> 0 AS rating_group,   -- Rating-Group (432); RFC 8506 8.29
	service.value ->> 1 AS service_id,     -- the first Service-Identifier (439); RFC 8506 8.28
	CASE WHEN service.value ->> 2 THEN 'micros' -- asked, granted and used are CC-Money (413)
		ELSE CASE service.value ->> 3 WHEN 0 THEN 'seconds' WHEN 1 THEN 'octets' WHEN 2 THEN 'input octets'
			WHEN 3 THEN 'output octets' ELSE 'messages' END END AS unit,
	service.value ->> 4 AS asked,          -- Requested-Service-Unit (437), units or micros
	service.value ->> 5 AS granted,        -- Granted-Service-Unit (431), units or micros
	service.value ->> 6 AS used,           -- Used-Service-Unit (446), units or micros
	service.value ->> 7 AS cost_micros,    -- charged by this request, micros; negative for a refund
	service.value ->> 8 AS result_code,    -- Result-Code (268) of the service; RFC 8506 9
	service.value ->> 11 AS rule_name,     -- NULL none, or one of a tariff that was not in force any more
	service.value ->> 10 AS tariff_version -- of the tariff, 0 none; the rule's place in it, from 1, stands before
FROM v_cdr_request
	CROSS JOIN cdr ON cdr.cdr_id = v_cdr_request.cdr_id
	CROSS JOIN json_each(v_cdr_request.services) AS service
	LEFT JOIN account ON account.account_id = cdr.account_id;

-- Must be empty: records and entries whose JSON is none.
CREATE VIEW v_content_conflict AS
SELECT cdr_id, 0 AS entry_no FROM cdr
WHERE NOT json_valid(content) OR NOT json_valid(coalesce(parties, '{}'))
	OR NOT json_valid(coalesce(services, '[]'))
UNION ALL
SELECT cdr_id, entry_no FROM cdr_entry
WHERE NOT json_valid(content) OR NOT json_valid(coalesce(services, '[]'));

-- Must be empty: records whose cost is not that of their services, or not what was debited for them,
-- and records that lines of the ledger name while they do not name those.  Records that were taken
-- away are not asked for.  What is no JSON did nothing, as far as this view goes.
CREATE VIEW v_charge_conflict AS
SELECT cdr_id, cost_micros,
	coalesce((SELECT sum(service.value ->> 7)
		FROM json_each(iif(json_valid(cdr.services), cdr.services, '[]')) AS service), 0)
	+ coalesce((SELECT sum(service.value ->> 7) FROM cdr_entry
			CROSS JOIN json_each(iif(json_valid(cdr_entry.services), cdr_entry.services, '[]')) AS service
		WHERE cdr_entry.cdr_id = cdr.cdr_id), 0) AS of_services,
	-coalesce((SELECT sum(amount) FROM ledger
		WHERE ledger.ledger_id BETWEEN 256 * cdr.posting_id AND 256 * cdr.posting_id + 255
			AND ledger.unit = 1 AND ledger.cdr_id = cdr.cdr_id), 0)
	- coalesce((SELECT sum(amount) FROM cdr_entry CROSS JOIN ledger
			ON ledger.ledger_id BETWEEN 256 * cdr_entry.posting_id
				AND 256 * cdr_entry.posting_id + 255
		WHERE cdr_entry.cdr_id = cdr.cdr_id AND cdr_entry.posting_id IS NOT NULL
			AND ledger.unit = 1 AND ledger.cdr_id = cdr.cdr_id), 0) AS debited
FROM cdr
WHERE cost_micros IS NOT NULL AND (cost_micros <> of_services OR cost_micros <> debited)
UNION ALL
SELECT ledger.cdr_id, 0, 0, 0 FROM ledger JOIN cdr ON cdr.cdr_id = ledger.cdr_id
WHERE cdr.cost_micros IS NULL OR cdr.account_id IS NULL
UNION ALL
SELECT ledger.cdr_id, 0, 0, 0 FROM ledger JOIN cdr ON cdr.cdr_id = ledger.cdr_id
WHERE ledger.posting_id IS NOT cdr.posting_id
	AND (SELECT count(*) FROM v_cdr_request CROSS JOIN ledger AS line
			ON line.ledger_id BETWEEN 256 * v_cdr_request.posting_id
				AND 256 * v_cdr_request.posting_id + 255
		WHERE v_cdr_request.posting_id IS NOT NULL AND +line.cdr_id = v_cdr_request.cdr_id)
		<> (SELECT count(*) FROM ledger AS line JOIN cdr ON cdr.cdr_id = line.cdr_id)
	AND NOT EXISTS (SELECT 1 FROM cdr_entry
		WHERE cdr_entry.cdr_id = ledger.cdr_id AND cdr_entry.posting_id = ledger.posting_id);

PRAGMA user_version = 6;

COMMIT;
