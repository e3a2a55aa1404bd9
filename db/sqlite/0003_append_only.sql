-- SPDX-License-Identifier: BSD-3-Clause
-- Records are written at the end of their tables: what a request costs does not grow with what is there.
--
-- Nothing here is written at a place that the content of a request chooses.  What people ask for by
-- party, dialogue or application session is found by zones of time and by an index that is made
-- later; what the tables no longer check row by row, the views that must be empty do.

BEGIN IMMEDIATE;

-- Views and foreign keys go on naming what is renamed below.
PRAGMA legacy_alter_table = ON;

DROP VIEW v_party_orphan;
DROP VIEW v_cdr_party;
DROP VIEW v_status_conflict;
DROP VIEW v_sequence_gap;

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
	source                   TEXT NOT NULL,    -- interface: 'CH-1'
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
	parties                  TEXT,             -- JSON object: each party by its normal form, at most 255 octets (RFC 3261 19.1.4, RFC 3966 5), to bits: 1 calling (831), 2 called (832), 4 subscriber (443, 1), 8 charged (857), 16 participant (887)
	content                  TEXT NOT NULL -- JSON object: every other AVP by name, of the record that the figures come from
) STRICT;

INSERT INTO cdr_new (
	cdr_id, local_sequence, kind, status, marks, has_start, has_stop, entry_count,
	number_count, number_min, number_max, started_us, last_us, figures_us, ended_us,
	closed_us, supervise_until_us, look_at_us, origin_state_id, interim_interval_s,
	received_first_us, received_last_us, source, origin_host_id, origin_realm, session_id,
	sub_session, multi_session_id, user_name, service_context_id, application_server_id,
	application_service_type, application_session_id, delivery_status, icid, call_id,
	sip_method, calling_party, called_party, group_name, participants_invited,
	participants_attached, messages_sent, messages_exploded, messages_sent_delivered,
	messages_exploded_delivered, content_octets, cause_code, termination_cause, parties,
	content)
SELECT
	cdr.cdr_id, local_sequence, kind, status, marks, has_start, has_stop, entry_count,
	number_count, number_min, number_max, started_us, last_us, figures_us, ended_us,
	closed_us, supervise_until_us, iif(status = 1, supervise_until_us, NULL),
	origin_state_id, interim_interval_s, received_first_us, received_last_us, source,
	origin_host_id, origin_realm, session_id, sub_session, multi_session_id, user_name,
	service_context_id, application_server_id, application_service_type,
	application_session_id, delivery_status, icid, call_id, sip_method, calling_party,
	called_party, group_name, participants_invited, participants_attached, messages_sent,
	messages_exploded, messages_sent_delivered, messages_exploded_delivered, content_octets,
	cause_code, termination_cause, named.parties, content
FROM cdr LEFT JOIN (
	SELECT cdr_id, json_group_object(party_key, roles) AS parties
	FROM (SELECT cdr_id, party_key, roles FROM cdr_party ORDER BY cdr_id, party_key)
	GROUP BY cdr_id) AS named ON named.cdr_id = cdr.cdr_id
ORDER BY cdr.cdr_id;

DROP TABLE cdr_party;
DROP TABLE cdr;
ALTER TABLE cdr_new RENAME TO cdr;

-- Question: the record of this session (every START, INTERIM, STOP asks).
CREATE INDEX ix_cdr__session ON cdr (session_id, origin_host_id, sub_session) WHERE kind = 2;

-- Question: which silence may last too long (asked after every turn of the engine).
CREATE INDEX ix_cdr__look_at_us ON cdr (look_at_us) WHERE look_at_us IS NOT NULL;

-- Question: the open sessions of a peer that restarted, by interface, and all open ones.
CREATE INDEX ix_cdr__open ON cdr (origin_host_id, source, origin_state_id) WHERE status = 1;

-- Between which times the records of a zone started: 4096 records that follow each other.
CREATE TABLE cdr_zone (
	zone_no        INTEGER PRIMARY KEY, -- cdr_id / 4096
	started_min_us INTEGER NOT NULL,    -- none of them started before, us
	started_max_us INTEGER NOT NULL     -- none of them started after, us
) STRICT;

INSERT INTO cdr_zone (zone_no, started_min_us, started_max_us)
SELECT cdr_id / 4096, min(started_us), max(started_us) FROM cdr GROUP BY cdr_id / 4096;

-- Records that were changed in what they are searched by after they were written; rare.
CREATE TABLE cdr_touched (
	touch_id INTEGER PRIMARY KEY, -- ours, ascending
	cdr_id   INTEGER NOT NULL     -- the record: it names a further party, or another ICID or application session
) STRICT;

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
	content           TEXT NOT NULL, -- JSON object: every other AVP of the request by name
	PRIMARY KEY (cdr_id, entry_no)
) STRICT, WITHOUT ROWID;

INSERT INTO cdr_entry_new (
	cdr_id, entry_no, record_type, record_number, marks, event_us, received_us,
	application_service_type, participants, messages_sent, messages_exploded,
	messages_sent_delivered, messages_exploded_delivered, cause_code, content)
SELECT
	cdr_id, entry_no, record_type, record_number, marks, event_us, received_us,
	application_service_type, participants, messages_sent, messages_exploded,
	messages_sent_delivered, messages_exploded_delivered, cause_code, content
FROM cdr_entry ORDER BY cdr_id, entry_no;

DROP TABLE cdr_entry;
ALTER TABLE cdr_entry_new RENAME TO cdr_entry;

-- The memory for duplicates is kept in parts, which are forgotten whole: the one that grows, and the one
-- before it.
CREATE TABLE seen_epoch (
	epoch    INTEGER PRIMARY KEY, -- ours, ascending; the highest one grows
	began_us INTEGER NOT NULL,    -- arrival of its first request, wall clock, us
	until_us INTEGER NOT NULL     -- none of its requests arrived after, wall clock, us; written up to an hour ahead
) STRICT;

INSERT INTO seen_epoch (epoch, began_us, until_us)
SELECT 1, min(received_us), max(received_us) FROM acct_seen HAVING count(*) > 0;

-- Which requests came before, so that a repeated one is answered and not counted again (RFC 6733 9.4).
-- Forgotten after a while, independent of how long records are kept.  A Session-Id begins with the
-- name of its client, so that the requests of one client follow each other.
CREATE TABLE acct_seen_new (
	epoch          INTEGER NOT NULL, -- the part of the memory that it is in
	origin_host_id INTEGER NOT NULL, -- Origin-Host (264); RFC 6733 6.3
	session_id     TEXT NOT NULL,    -- Session-Id (263); RFC 6733 8.8
	sub_session    TEXT NOT NULL,    -- Accounting-Sub-Session-Id (287) in decimal, '' absent; RFC 6733 9.8.6
	record_type    INTEGER NOT NULL, -- Accounting-Record-Type (480); RFC 6733 9.8.1
	record_number  INTEGER NOT NULL, -- Accounting-Record-Number (485); RFC 6733 9.8.3
	digest         BLOB NOT NULL,    -- of the request's content, 16 octets
	cdr_id         INTEGER NOT NULL, -- the record it went into
	PRIMARY KEY (epoch, session_id, origin_host_id, sub_session, record_type, record_number, digest)
) STRICT, WITHOUT ROWID;

INSERT INTO acct_seen_new (epoch, origin_host_id, session_id, sub_session, record_type,
	record_number, digest, cdr_id)
SELECT 1, origin_host_id, session_id, sub_session, record_type, record_number, digest, cdr_id
FROM acct_seen
ORDER BY session_id, origin_host_id, sub_session, record_type, record_number, digest;

DROP TABLE acct_seen;
ALTER TABLE acct_seen_new RENAME TO acct_seen;

PRAGMA legacy_alter_table = OFF;

-- Which records name whom, and as what.
CREATE VIEW v_cdr_party AS
SELECT
	party.key AS party_key,
	cdr.cdr_id,
	rtrim(
		iif(party.value & 1, 'calling, ', '') ||
		iif(party.value & 2, 'called, ', '') ||
		iif(party.value & 4, 'subscriber, ', '') ||
		iif(party.value & 8, 'charged, ', '') ||
		iif(party.value & 16, 'participant, ', ''), ', ') AS roles
FROM cdr CROSS JOIN json_each(cdr.parties) AS party;

-- Must be empty: numbers that are missing between two records, or after the last one, and numbers
-- that were given twice (then the first number missing is the one after them).
CREATE VIEW v_sequence_gap AS
SELECT previous + 1 AS missing_from, local_sequence - 1 AS missing_to
FROM (SELECT local_sequence, lag(local_sequence) OVER (ORDER BY local_sequence) AS previous
	FROM cdr WHERE local_sequence IS NOT NULL)
WHERE local_sequence - previous <> 1
UNION ALL
SELECT highest + 1, next_value - 1
FROM (SELECT max(local_sequence) AS highest FROM cdr WHERE local_sequence IS NOT NULL), sequence
WHERE sequence.name = 'local_sequence' AND next_value - 1 <> highest;

-- Must be empty: records whose columns contradict each other.
CREATE VIEW v_status_conflict AS
SELECT cdr_id, kind, status, local_sequence, closed_us, supervise_until_us, look_at_us
FROM cdr
WHERE kind NOT IN (1, 2) OR status NOT IN (1, 2) OR (kind = 1 AND status = 1)
	OR has_start NOT IN (0, 1) OR has_stop NOT IN (0, 1)
	OR (status = 2 AND local_sequence IS NULL)
	OR (status = 2 AND closed_us IS NULL)
	OR (status = 2 AND supervise_until_us IS NOT NULL)
	OR (status = 1 AND local_sequence IS NOT NULL)
	OR (status = 1 AND closed_us IS NOT NULL)
	OR (supervise_until_us IS NULL) <> (look_at_us IS NULL)
	OR look_at_us > supervise_until_us;

-- Must be empty: records that started outside the times of their zone.
CREATE VIEW v_zone_conflict AS
SELECT cdr.cdr_id, cdr.started_us, cdr_zone.started_min_us, cdr_zone.started_max_us
FROM cdr LEFT JOIN cdr_zone ON cdr_zone.zone_no = cdr.cdr_id / 4096
WHERE cdr_zone.zone_no IS NULL
	OR cdr.started_us NOT BETWEEN cdr_zone.started_min_us AND cdr_zone.started_max_us;

-- Must be empty: records and entries whose JSON is none.
CREATE VIEW v_content_conflict AS
SELECT cdr_id, 0 AS entry_no FROM cdr
WHERE NOT json_valid(content) OR NOT json_valid(coalesce(parties, '{}'))
UNION ALL
SELECT cdr_id, entry_no FROM cdr_entry WHERE NOT json_valid(content);

-- Must be empty: remembered requests that no part of the memory has.
CREATE VIEW v_seen_conflict AS
SELECT epoch, session_id FROM acct_seen
WHERE NOT EXISTS (SELECT 1 FROM seen_epoch WHERE seen_epoch.epoch = acct_seen.epoch)
	OR length(digest) <> 16;

PRAGMA user_version = 3;

COMMIT;
