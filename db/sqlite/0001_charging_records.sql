-- SPDX-License-Identifier: BSD-3-Clause
-- Charging records: what a node keeps of CH-1.
--
-- Every column has a comment of its own: what it holds, its unit, and the AVP or clause that it comes
-- from.  Numbers in parentheses are AVP codes.  Times end in _us: microseconds since
-- 1970-01-01T00:00:00Z.  Figures are cumulative for a session (RFC 6733 9.8.1).
-- NULL means that the client sent nothing; 0 means that it sent 0.

BEGIN IMMEDIATE;

-- The Diameter peers whose records are kept, one row per Origin-Host.
CREATE TABLE origin_host (
	origin_host_id  INTEGER PRIMARY KEY,     -- ours, given on first contact
	name            TEXT NOT NULL UNIQUE,    -- Origin-Host (264), as sent; RFC 6733 6.3
	realm           TEXT,                    -- Origin-Realm (296), the latest one; RFC 6733 6.4
	origin_state_id INTEGER NOT NULL,        -- Origin-State-Id (278), highest seen, 0 none; RFC 6733 8.16
	first_seen_us   INTEGER NOT NULL,        -- wall clock of this node, us
	last_seen_us    INTEGER NOT NULL         -- wall clock of this node, us, to within a minute
) STRICT;

-- Charging records: one row per event, one per session.
CREATE TABLE cdr (
	cdr_id                   INTEGER PRIMARY KEY, -- ours, ascending in order of opening
	local_sequence           INTEGER,          -- given on closing, gap-free over the node; localRecordSequenceNumber, TS 32.298 5.1.3.1.29
	kind                     INTEGER NOT NULL CHECK (kind IN (1, 2)),   -- 1 event, 2 session; TS 32.299 6.1.2, 6.1.3
	status                   INTEGER NOT NULL CHECK (status IN (1, 2)), -- 1 open, 2 closed; TS 32.299 6.1.3
	marks                    INTEGER NOT NULL, -- bits of src/core/mark.def: quality of the record
	has_start                INTEGER NOT NULL CHECK (has_start IN (0, 1)), -- 1 when START_RECORD came; RFC 6733 9.8.1
	has_stop                 INTEGER NOT NULL CHECK (has_stop IN (0, 1)),  -- 1 when STOP_RECORD came; RFC 6733 9.8.1
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
	content                  TEXT NOT NULL CHECK (json_valid(content)), -- JSON object: every other AVP by name, of the record that the figures come from
	CHECK (kind = 2 OR status = 2)
) STRICT;

-- Question: the record of this session (every START, INTERIM, STOP asks), and chgctl by Session-Id.
CREATE INDEX ix_cdr__session ON cdr (session_id, origin_host_id, kind, sub_session);

-- Question: records that started between two points in time.
CREATE INDEX ix_cdr__started_us ON cdr (started_us);

-- Question: the next local_sequence has no gap and no twin; billing reads records in this order.
CREATE UNIQUE INDEX ix_cdr__local_sequence ON cdr (local_sequence) WHERE local_sequence IS NOT NULL;

-- Question: all records of one IMS dialogue.
CREATE INDEX ix_cdr__icid ON cdr (icid) WHERE icid IS NOT NULL;

-- Question: all records of one application session.
CREATE INDEX ix_cdr__application_session_id ON cdr (application_session_id)
	WHERE application_session_id IS NOT NULL;

-- Question: whose silence lasts too long (asked after every turn of the engine).
CREATE INDEX ix_cdr__supervise_until_us ON cdr (supervise_until_us)
	WHERE supervise_until_us IS NOT NULL;

-- Question: the open sessions of a peer that restarted, and all open ones.
CREATE INDEX ix_cdr__open ON cdr (origin_host_id, origin_state_id) WHERE status = 1;

-- The timeline of a session: one row per request.
CREATE TABLE cdr_entry (
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
	content           TEXT NOT NULL CHECK (json_valid(content)), -- JSON object: every other AVP of the request by name
	PRIMARY KEY (cdr_id, entry_no)
) STRICT, WITHOUT ROWID;

-- Who came and went: one row per participant that a request of a session named.
CREATE TABLE cdr_participant (
	cdr_id    INTEGER NOT NULL REFERENCES cdr (cdr_id) ON DELETE CASCADE, -- the session's record
	entry_no  INTEGER NOT NULL, -- the entry of the timeline that named him
	ordinal   INTEGER NOT NULL, -- place within the entry, from 1
	party     TEXT NOT NULL,    -- Participants-Involved (887) or Participant-Group (1260), as sent; TS 32.299
	party_key TEXT NOT NULL,    -- normal form of party, at most 255 octets; RFC 3261 19.1.4, RFC 3966 5
	action    INTEGER NOT NULL CHECK (action IN (1, 2, 3, 4)), -- 1 invited, 2 joined, 3 left, 4 named; from Application-Service-Type (2102)
	at_us     INTEGER NOT NULL, -- Event-Timestamp (55) of the entry, else its arrival, us
	PRIMARY KEY (cdr_id, entry_no, ordinal)
) STRICT, WITHOUT ROWID;

-- Question: all records that name this party, however the client spelt him.
-- No foreign key: checking it would cost a look-up for each row, and the other way a scan.
CREATE TABLE cdr_party (
	party_key TEXT NOT NULL,    -- normal form, at most 255 octets; RFC 3261 19.1.4, RFC 3966 5
	cdr_id    INTEGER NOT NULL, -- the record
	roles     INTEGER NOT NULL, -- bits: 1 calling (831), 2 called (832), 4 subscriber (443, 1), 8 charged (857), 16 participant (887)
	PRIMARY KEY (party_key, cdr_id)
) STRICT, WITHOUT ROWID;

-- Which requests came before, so that a repeated one is answered and not counted again (RFC 6733 9.4).
-- Forgotten after a while, independent of how long records are kept.  The order of the key lets the
-- requests of one client follow each other.
CREATE TABLE acct_seen (
	origin_host_id INTEGER NOT NULL, -- Origin-Host (264); RFC 6733 6.3
	session_id     TEXT NOT NULL,    -- Session-Id (263); RFC 6733 8.8
	sub_session    TEXT NOT NULL,    -- Accounting-Sub-Session-Id (287) in decimal, '' absent; RFC 6733 9.8.6
	record_type    INTEGER NOT NULL, -- Accounting-Record-Type (480); RFC 6733 9.8.1
	record_number  INTEGER NOT NULL, -- Accounting-Record-Number (485); RFC 6733 9.8.3
	digest         BLOB NOT NULL CHECK (length(digest) = 16), -- of the request's content, 16 octets
	received_us    INTEGER NOT NULL, -- arrival, wall clock, us
	cdr_id         INTEGER NOT NULL, -- the record it went into
	PRIMARY KEY (origin_host_id, session_id, sub_session, record_type, record_number, digest)
) STRICT, WITHOUT ROWID;

-- Question: which of them are the oldest (forgetting).
CREATE INDEX ix_acct_seen__received_us ON acct_seen (received_us);

-- What the node remembers of itself: one row.
CREATE TABLE node_state (
	node_state_id       INTEGER PRIMARY KEY CHECK (node_state_id = 1), -- always 1
	own_origin_state_id INTEGER NOT NULL -- Origin-State-Id (278) that this node sends; RFC 6733 8.16
) STRICT;

-- Numbers that are given once; taken inside the transaction that uses them, so that they have no gap.
CREATE TABLE sequence (
	name       TEXT PRIMARY KEY, -- 'cdr_id' or 'local_sequence'
	next_value INTEGER NOT NULL  -- the number that is given next
) STRICT, WITHOUT ROWID;

INSERT INTO sequence (name, next_value) VALUES ('cdr_id', 1), ('local_sequence', 1);

-- Records for people: times as ISO 8601 in UTC, words instead of numbers.
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
	cdr.content
FROM cdr JOIN origin_host USING (origin_host_id);

-- What happened in each session, in the order of arrival.
CREATE VIEW v_cdr_timeline AS
SELECT
	cdr_entry.cdr_id,
	cdr_entry.entry_no,
	CASE cdr_entry.record_type WHEN 1 THEN 'EVENT' WHEN 2 THEN 'START' WHEN 3 THEN 'INTERIM'
		WHEN 4 THEN 'STOP' END AS record_type,
	cdr_entry.record_number,
	rtrim(
		iif(cdr_entry.marks & 16, 'late, ', '') ||
		iif(cdr_entry.marks & 32, 'number reused, ', '') ||
		iif(cdr_entry.marks & 64, 'unreadable content, ', '') ||
		iif(cdr_entry.marks & 128, 'retransmitted, ', '') ||
		iif(cdr_entry.marks & 256, 'clock skew, ', ''), ', ') AS marks,
	strftime('%Y-%m-%dT%H:%M:%SZ', cdr_entry.event_us / 1000000, 'unixepoch') AS event_at,
	strftime('%Y-%m-%dT%H:%M:%SZ', cdr_entry.received_us / 1000000, 'unixepoch') AS received_at,
	CASE cdr_entry.application_service_type
		WHEN 100 THEN 'sending' WHEN 101 THEN 'receiving' WHEN 102 THEN 'retrieval'
		WHEN 103 THEN 'inviting' WHEN 104 THEN 'leaving' WHEN 105 THEN 'joining'
		ELSE CAST(cdr_entry.application_service_type AS TEXT) END AS application_service_type,
	cdr_entry.participants,
	cdr_entry.messages_sent,
	cdr_entry.messages_exploded,
	cdr_entry.messages_sent_delivered,
	cdr_entry.messages_exploded_delivered,
	cdr_entry.cause_code,
	cdr_entry.content
FROM cdr_entry;

-- Who was invited, joined and left, and when.
CREATE VIEW v_cdr_participant AS
SELECT
	cdr_id,
	entry_no,
	ordinal,
	party,
	party_key,
	CASE action WHEN 1 THEN 'invited' WHEN 2 THEN 'joined' WHEN 3 THEN 'left' ELSE 'named' END AS action,
	strftime('%Y-%m-%dT%H:%M:%SZ', at_us / 1000000, 'unixepoch') AS at
FROM cdr_participant;

-- Which records name whom, and as what.
CREATE VIEW v_cdr_party AS
SELECT
	party_key,
	cdr_id,
	rtrim(
		iif(roles & 1, 'calling, ', '') ||
		iif(roles & 2, 'called, ', '') ||
		iif(roles & 4, 'subscriber, ', '') ||
		iif(roles & 8, 'charged, ', '') ||
		iif(roles & 16, 'participant, ', ''), ', ') AS roles
FROM cdr_party;

-- Must be empty: numbers that are missing between two records, or after the last one.
CREATE VIEW v_sequence_gap AS
SELECT previous + 1 AS missing_from, local_sequence - 1 AS missing_to
FROM (SELECT local_sequence, lag(local_sequence) OVER (ORDER BY local_sequence) AS previous
	FROM cdr WHERE local_sequence IS NOT NULL)
WHERE local_sequence - previous > 1
UNION ALL
SELECT highest + 1, next_value - 1
FROM (SELECT max(local_sequence) AS highest FROM cdr WHERE local_sequence IS NOT NULL), sequence
WHERE sequence.name = 'local_sequence' AND next_value - 1 <> highest;

-- Must be empty: sessions whose timeline has not as many entries as the record says.
CREATE VIEW v_timeline_gap AS
SELECT cdr.cdr_id, cdr.entry_count,
	(SELECT count(*) FROM cdr_entry WHERE cdr_entry.cdr_id = cdr.cdr_id) AS entries_found
FROM cdr
WHERE entries_found <> cdr.entry_count;

-- Must be empty: records whose status and columns contradict each other.
CREATE VIEW v_status_conflict AS
SELECT cdr_id, status, local_sequence, closed_us, supervise_until_us
FROM cdr
WHERE (status = 2 AND local_sequence IS NULL)
	OR (status = 2 AND closed_us IS NULL)
	OR (status = 2 AND supervise_until_us IS NOT NULL)
	OR (status = 1 AND local_sequence IS NOT NULL)
	OR (status = 1 AND closed_us IS NOT NULL);

-- Must be empty: parties of records that are not there.
CREATE VIEW v_party_orphan AS
SELECT party_key, cdr_id FROM cdr_party
WHERE NOT EXISTS (SELECT 1 FROM cdr WHERE cdr.cdr_id = cdr_party.cdr_id);

-- "CHGN": says whose file this is.
PRAGMA application_id = 1128810318;
PRAGMA user_version = 1;

COMMIT;
