-- SPDX-License-Identifier: BSD-3-Clause
-- Every statement that the program runs, each under its name.  The program reads this file at start,
-- and stops when a name is missing or unknown (src/store/sqlite/sqlite_statement.def).
-- Parameters and result columns carry the names of src/store/sqlite/sqlite_name.def.

-- name: txn_begin
BEGIN IMMEDIATE;

-- name: txn_commit
COMMIT;

-- name: txn_rollback
ROLLBACK;

-- name: sequence_get
SELECT next_value FROM sequence WHERE name = :name;

-- name: sequence_put
UPDATE sequence SET next_value = :next_value WHERE name = :name;

-- name: own_state_get
SELECT own_origin_state_id FROM node_state WHERE node_state_id = 1;

-- name: own_state_put
INSERT INTO node_state (node_state_id, own_origin_state_id) VALUES (1, :origin_state_id);

-- name: host_get
SELECT origin_host_id, origin_state_id, last_seen_us, realm FROM origin_host WHERE name = :name;

-- name: host_add
INSERT INTO origin_host (name, realm, origin_state_id, first_seen_us, last_seen_us)
VALUES (:name, :origin_realm, 0, :received_us, :received_us);

-- name: host_touch
UPDATE origin_host SET realm = coalesce(:origin_realm, realm), last_seen_us = :received_us
WHERE origin_host_id = :origin_host_id;

-- name: host_raise
UPDATE origin_host SET origin_state_id = :origin_state_id WHERE origin_host_id = :origin_host_id;

-- name: seen_number
SELECT 1 FROM acct_seen
WHERE epoch = :epoch AND origin_host_id = :origin_host_id AND session_id = :session_id
	AND sub_session = :sub_session AND record_type = :record_type
	AND record_number = :record_number
LIMIT 1;

-- name: seen_any
SELECT 1 FROM acct_seen
WHERE epoch = :epoch AND origin_host_id = :origin_host_id AND session_id = :session_id
	AND sub_session = :sub_session
LIMIT 1;

-- name: seen_exactly
SELECT 1 FROM acct_seen
WHERE epoch = :epoch AND origin_host_id = :origin_host_id AND session_id = :session_id
	AND sub_session = :sub_session AND record_type = :record_type
	AND record_number = :record_number AND digest = :digest;

-- name: seen_add
INSERT OR IGNORE INTO acct_seen (epoch, origin_host_id, session_id, sub_session, record_type,
	record_number, digest, cdr_id)
VALUES (:epoch, :origin_host_id, :session_id, :sub_session, :record_type, :record_number,
	:digest, :cdr_id);

-- name: seen_forget
-- In the order of the key: the next bite begins where this one ends.
DELETE FROM acct_seen
WHERE (epoch, session_id, origin_host_id, sub_session, record_type, record_number, digest) IN (
	SELECT epoch, session_id, origin_host_id, sub_session, record_type, record_number, digest
	FROM acct_seen WHERE epoch = :epoch
	ORDER BY session_id, origin_host_id, sub_session, record_type, record_number, digest
	LIMIT :limit);

-- name: epoch_next
SELECT epoch, began_us, until_us FROM seen_epoch WHERE epoch > :epoch ORDER BY epoch LIMIT 1;

-- name: epoch_put
INSERT INTO seen_epoch (epoch, began_us, until_us) VALUES (:epoch, :began_us, :until_us)
ON CONFLICT (epoch) DO UPDATE SET until_us = excluded.until_us;

-- name: epoch_delete
DELETE FROM seen_epoch WHERE epoch = :epoch;

-- name: session_any
SELECT 1 FROM cdr WHERE session_id = :session_id AND origin_host_id = :origin_host_id AND kind = 2
LIMIT 1;

-- name: session_latest
-- `texts` has a bit for each text that the record has, in the order of its rows in the program.
SELECT cdr_id, local_sequence, kind, status, marks, has_start, has_stop, entry_count, number_count,
	number_min, number_max, started_us, last_us, figures_us, ended_us, closed_us,
	supervise_until_us, origin_state_id, interim_interval_s, look_at_us, icid,
	application_session_id, parties,
	(origin_realm IS NOT NULL) | ((multi_session_id IS NOT NULL) << 1) |
		((user_name IS NOT NULL) << 2) | ((service_context_id IS NOT NULL) << 3) |
		((application_server_id IS NOT NULL) << 4) |
		((application_service_type IS NOT NULL) << 5) |
		((application_session_id IS NOT NULL) << 6) | ((icid IS NOT NULL) << 7) |
		((call_id IS NOT NULL) << 8) | ((sip_method IS NOT NULL) << 9) |
		((calling_party IS NOT NULL) << 10) | ((called_party IS NOT NULL) << 11) |
		((group_name IS NOT NULL) << 12) | ((participants_invited IS NOT NULL) << 13) AS texts
FROM cdr
WHERE session_id = :session_id AND origin_host_id = :origin_host_id AND kind = 2
	AND sub_session = :sub_session AND source = :source
ORDER BY cdr_id DESC LIMIT 1;

-- name: session_has_sub
SELECT 1 FROM cdr
WHERE session_id = :session_id AND origin_host_id = :origin_host_id AND kind = 2 AND sub_session > ''
	AND source = :source
LIMIT 1;

-- name: sub_session_next_open
-- In the order of the index, so that closing them all is one walk over it.
SELECT cdr_id, local_sequence, kind, status, marks, has_start, has_stop, entry_count, number_count,
	number_min, number_max, started_us, last_us, figures_us, ended_us, closed_us,
	supervise_until_us, origin_state_id, interim_interval_s, sub_session
FROM cdr
WHERE session_id = :session_id AND origin_host_id = :origin_host_id AND kind = 2 AND status = 1
	AND source = 'CH-1' AND sub_session > '' AND (sub_session, cdr_id) > (:sub_session, :cdr_id)
ORDER BY sub_session, cdr_id LIMIT 1;

-- name: host_next_older
-- Sessions of CH-2 hold something of an account: cc_session_next_older finds them.
SELECT cdr_id, local_sequence, kind, status, marks, has_start, has_stop, entry_count, number_count,
	number_min, number_max, started_us, last_us, figures_us, ended_us, closed_us,
	supervise_until_us, origin_state_id, interim_interval_s
FROM cdr
WHERE origin_host_id = :origin_host_id AND source = 'CH-1' AND status = 1 AND kind = 2
	AND origin_state_id > 0 AND origin_state_id < :origin_state_id
ORDER BY origin_state_id, cdr_id LIMIT 1;

-- name: due_next
SELECT cdr_id, local_sequence, kind, status, marks, has_start, has_stop, entry_count, number_count,
	number_min, number_max, started_us, last_us, figures_us, ended_us, closed_us,
	supervise_until_us, origin_state_id, interim_interval_s, look_at_us
FROM cdr WHERE look_at_us <= :look_at_us
ORDER BY look_at_us, cdr_id LIMIT 1;

-- name: due_later
UPDATE cdr SET look_at_us = supervise_until_us WHERE cdr_id = :cdr_id;

-- name: deadline_first
SELECT look_at_us FROM cdr WHERE look_at_us IS NOT NULL ORDER BY look_at_us LIMIT 1;

-- name: cdr_local_sequence
SELECT local_sequence FROM cdr WHERE cdr_id = :cdr_id;

-- name: cdr_add
INSERT INTO cdr (cdr_id, local_sequence, kind, status, marks, has_start, has_stop, entry_count,
	number_count, number_min, number_max, started_us, last_us, figures_us, ended_us, closed_us,
	supervise_until_us, look_at_us, origin_state_id, interim_interval_s, received_first_us, received_last_us,
	source, origin_host_id, origin_realm, session_id, sub_session, multi_session_id, user_name,
	service_context_id, application_server_id, application_service_type,
	application_session_id, delivery_status, icid, call_id, sip_method, calling_party,
	called_party, group_name, participants_invited, participants_attached, messages_sent,
	messages_exploded, messages_sent_delivered, messages_exploded_delivered, content_octets,
	cause_code, termination_cause, account_id, currency, cost_micros, parties, content)
VALUES (:cdr_id, :local_sequence, :kind, :status, :marks, :has_start, :has_stop, :entry_count,
	:number_count, :number_min, :number_max, :started_us, :last_us, :figures_us, :ended_us,
	:closed_us, :supervise_until_us, :supervise_until_us, :origin_state_id, :interim_interval_s, :received_us,
	:received_us, :source, :origin_host_id, :origin_realm, :session_id, :sub_session,
	:multi_session_id, :user_name, :service_context_id, :application_server_id,
	:application_service_type, :application_session_id, :delivery_status, :icid, :call_id,
	:sip_method, :calling_party, :called_party, :group_name, :participants_invited,
	:participants_attached, :messages_sent, :messages_exploded, :messages_sent_delivered,
	:messages_exploded_delivered, :content_octets, :cause_code, :termination_cause,
	:account_id, :currency, :cost_micros, :parties, coalesce(:content, '{}'));

-- name: cdr_add_event
-- The same for an event, most of whose state is given, so that it need not be handed over.
INSERT INTO cdr (cdr_id, local_sequence, kind, status, marks, has_start, has_stop, entry_count,
	number_count, number_min, number_max, started_us, last_us, figures_us, ended_us, closed_us,
	origin_state_id, interim_interval_s, received_first_us, received_last_us, source,
	origin_host_id, origin_realm, session_id, sub_session, multi_session_id, user_name,
	service_context_id, application_server_id, application_service_type,
	application_session_id, delivery_status, icid, call_id, sip_method, calling_party,
	called_party, group_name, participants_attached, messages_sent,
	messages_exploded, messages_sent_delivered, messages_exploded_delivered, content_octets,
	cause_code, termination_cause, account_id, currency, cost_micros, posting_id, services,
	parties, content)
VALUES (:cdr_id, :local_sequence, 1, 2, :marks, 0, 0, 0, 1, :number_min, :number_min, :started_us,
	:started_us, :started_us, :started_us, :received_us, :origin_state_id, 0, :received_us,
	:received_us, :source, :origin_host_id, :origin_realm, :session_id, :sub_session,
	:multi_session_id, :user_name, :service_context_id, :application_server_id,
	:application_service_type, :application_session_id, :delivery_status, :icid, :call_id,
	:sip_method, :calling_party, :called_party, :group_name, :participants_attached,
	:messages_sent, :messages_exploded, :messages_sent_delivered,
	:messages_exploded_delivered, :content_octets, :cause_code, :termination_cause,
	:account_id, :currency, :cost_micros, :posting_id, :services, :parties,
	coalesce(:content, '{}'));

-- An update writes every index of which it names a column, changed or not.  So there are two: what every
-- request of a session does, which touches no index, and the same with the columns of indexes.

-- name: cdr_grow
UPDATE cdr SET
	marks = :marks, has_start = :has_start, has_stop = :has_stop, entry_count = :entry_count,
	number_count = :number_count, number_min = :number_min, number_max = :number_max,
	started_us = :started_us, last_us = :last_us, figures_us = :figures_us,
	ended_us = :ended_us, closed_us = :closed_us, supervise_until_us = :supervise_until_us,
	interim_interval_s = :interim_interval_s,
	received_last_us = :received_us,
	delivery_status = coalesce(:delivery_status, delivery_status),
	participants_attached = coalesce(:participants_attached, participants_attached),
	messages_sent = coalesce(:messages_sent, messages_sent),
	messages_exploded = coalesce(:messages_exploded, messages_exploded),
	messages_sent_delivered = coalesce(:messages_sent_delivered, messages_sent_delivered),
	messages_exploded_delivered =
		coalesce(:messages_exploded_delivered, messages_exploded_delivered),
	content_octets = coalesce(:content_octets, content_octets),
	cause_code = coalesce(:cause_code, cause_code),
	termination_cause = coalesce(:termination_cause, termination_cause),
	cost_micros = coalesce(cost_micros + :cost_micros, cost_micros),
	parties = coalesce(:parties, parties),
	content = coalesce(:content, content)
WHERE cdr_id = :cdr_id;

-- name: cdr_turn
UPDATE cdr SET
	local_sequence = :local_sequence, status = :status, look_at_us = :look_at_us,
	origin_state_id = :origin_state_id,
	marks = :marks, has_start = :has_start, has_stop = :has_stop, entry_count = :entry_count,
	number_count = :number_count, number_min = :number_min, number_max = :number_max,
	started_us = :started_us, last_us = :last_us, figures_us = :figures_us,
	ended_us = :ended_us, closed_us = :closed_us, supervise_until_us = :supervise_until_us,
	interim_interval_s = :interim_interval_s,
	received_last_us = :received_us,
	delivery_status = coalesce(:delivery_status, delivery_status),
	participants_attached = coalesce(:participants_attached, participants_attached),
	messages_sent = coalesce(:messages_sent, messages_sent),
	messages_exploded = coalesce(:messages_exploded, messages_exploded),
	messages_sent_delivered = coalesce(:messages_sent_delivered, messages_sent_delivered),
	messages_exploded_delivered =
		coalesce(:messages_exploded_delivered, messages_exploded_delivered),
	content_octets = coalesce(:content_octets, content_octets),
	cause_code = coalesce(:cause_code, cause_code),
	termination_cause = coalesce(:termination_cause, termination_cause),
	cost_micros = coalesce(cost_micros + :cost_micros, cost_micros),
	parties = coalesce(:parties, parties),
	content = coalesce(:content, content)
WHERE cdr_id = :cdr_id;

-- name: cdr_close
-- What closes a record without a request of its own.
UPDATE cdr SET local_sequence = :local_sequence, status = :status, marks = :marks,
	has_start = :has_start, has_stop = :has_stop, entry_count = :entry_count,
	number_count = :number_count, number_min = :number_min, number_max = :number_max,
	last_us = :last_us, figures_us = :figures_us, ended_us = :ended_us, closed_us = :closed_us,
	supervise_until_us = :supervise_until_us, look_at_us = :supervise_until_us,
	origin_state_id = :origin_state_id, interim_interval_s = :interim_interval_s
WHERE cdr_id = :cdr_id;

-- name: cdr_fill_texts
-- For a request that brings a text which the record lacks; most bring none.
UPDATE cdr SET
	origin_realm = coalesce(origin_realm, :origin_realm),
	multi_session_id = coalesce(multi_session_id, :multi_session_id),
	user_name = coalesce(user_name, :user_name),
	service_context_id = coalesce(service_context_id, :service_context_id),
	application_server_id = coalesce(application_server_id, :application_server_id),
	application_service_type = coalesce(application_service_type, :application_service_type),
	application_session_id = coalesce(application_session_id, :application_session_id),
	icid = coalesce(icid, :icid),
	call_id = coalesce(call_id, :call_id),
	sip_method = coalesce(sip_method, :sip_method),
	calling_party = coalesce(calling_party, :calling_party),
	called_party = coalesce(called_party, :called_party),
	group_name = coalesce(group_name, :group_name),
	participants_invited = coalesce(participants_invited, :participants_invited)
WHERE cdr_id = :cdr_id;

-- name: cdr_replace_texts
UPDATE cdr SET
	origin_realm = coalesce(:origin_realm, origin_realm),
	multi_session_id = coalesce(:multi_session_id, multi_session_id),
	user_name = coalesce(:user_name, user_name),
	service_context_id = coalesce(:service_context_id, service_context_id),
	application_server_id = coalesce(:application_server_id, application_server_id),
	application_service_type = coalesce(:application_service_type, application_service_type),
	application_session_id = coalesce(:application_session_id, application_session_id),
	icid = coalesce(:icid, icid),
	call_id = coalesce(:call_id, call_id),
	sip_method = coalesce(:sip_method, sip_method),
	calling_party = coalesce(:calling_party, calling_party),
	called_party = coalesce(:called_party, called_party),
	group_name = coalesce(:group_name, group_name),
	participants_invited = coalesce(:participants_invited, participants_invited)
WHERE cdr_id = :cdr_id;

-- name: entry_add
INSERT INTO cdr_entry (cdr_id, entry_no, record_type, record_number, marks, event_us, received_us,
	application_service_type, participants, messages_sent, messages_exploded,
	messages_sent_delivered, messages_exploded_delivered, cause_code, posting_id, services,
	content)
VALUES (:cdr_id, :entry_no, :record_type, :record_number, :marks, :event_us, :received_us,
	:application_service_type, :participants, :messages_sent, :messages_exploded,
	:messages_sent_delivered, :messages_exploded_delivered, :cause_code, :posting_id, :services,
	:content);

-- name: participant_add
INSERT INTO cdr_participant (cdr_id, entry_no, ordinal, party, party_key, action, at_us)
VALUES (:cdr_id, :entry_no, :ordinal, :party, :party_key, :action, :at_us);

-- name: touched_add
INSERT INTO cdr_touched (cdr_id) VALUES (:cdr_id);

-- name: zone_put
INSERT INTO cdr_zone (zone_no, started_min_us, started_max_us)
VALUES (:zone_no, :started_min_us, :started_max_us)
ON CONFLICT (zone_no) DO UPDATE SET
	started_min_us = min(started_min_us, excluded.started_min_us),
	started_max_us = max(started_max_us, excluded.started_max_us);

-- Readers.  A scan first asks for a batch of ids by the narrowest index, then for one row at a time,
-- so that no read transaction is open while the caller works or waits.

-- name: ids_up
SELECT cdr_id FROM cdr WHERE cdr_id > :cdr_id ORDER BY cdr_id LIMIT :limit;

-- name: ids_down
SELECT cdr_id FROM cdr WHERE cdr_id < :cdr_id ORDER BY cdr_id DESC LIMIT :limit;

-- name: ids_open_up
SELECT cdr_id FROM cdr INDEXED BY ix_cdr__open WHERE status = 1 AND cdr_id > :cdr_id
ORDER BY cdr_id LIMIT :limit;

-- name: ids_open_down
SELECT cdr_id FROM cdr INDEXED BY ix_cdr__open WHERE status = 1 AND cdr_id < :cdr_id
ORDER BY cdr_id DESC LIMIT :limit;

-- name: zone_up
-- Records of a zone started between its two times; zones that cannot match are stepped over.
SELECT zone_no FROM cdr_zone
WHERE zone_no >= :zone_no AND started_max_us >= :from_us AND started_min_us < :until_us
ORDER BY zone_no LIMIT 1;

-- name: zone_down
SELECT zone_no FROM cdr_zone
WHERE zone_no <= :zone_no AND started_max_us >= :from_us AND started_min_us < :until_us
ORDER BY zone_no DESC LIMIT 1;

-- What records are found by: read by the indexer of the search file, and by searches for those that it
-- has not taken yet.

-- name: cdr_terms
SELECT cdr_id, session_id, icid, application_session_id, parties, received_first_us
FROM cdr WHERE cdr_id = :cdr_id;

-- name: cdr_terms_up
SELECT cdr_id, session_id, icid, application_session_id, parties, received_first_us
FROM cdr WHERE cdr_id > :cdr_id ORDER BY cdr_id LIMIT :limit;

-- name: cdr_terms_down
SELECT cdr_id, session_id, icid, application_session_id, parties, received_first_us
FROM cdr WHERE cdr_id < :cdr_id ORDER BY cdr_id DESC LIMIT :limit;

-- name: cdr_print
SELECT received_first_us, session_id FROM cdr WHERE cdr_id = :cdr_id;

-- name: search_bounds
SELECT (SELECT min(cdr_id) FROM cdr), (SELECT max(cdr_id) FROM cdr),
	(SELECT min(touch_id) FROM cdr_touched), (SELECT max(touch_id) FROM cdr_touched);

-- name: touched_first
SELECT touch_id, cdr_id FROM cdr_touched WHERE touch_id >= :touch_id ORDER BY touch_id LIMIT 1;

-- name: touched_next
SELECT touch_id, cdr_id FROM cdr_touched WHERE touch_id > :touch_id ORDER BY touch_id LIMIT :limit;

-- name: touched_up
SELECT DISTINCT cdr_id FROM cdr_touched WHERE touch_id > :touch_id AND cdr_id > :cdr_id
ORDER BY cdr_id LIMIT :limit;

-- name: touched_down
SELECT DISTINCT cdr_id FROM cdr_touched WHERE touch_id > :touch_id AND cdr_id < :cdr_id
ORDER BY cdr_id DESC LIMIT :limit;

-- name: touched_delete
DELETE FROM cdr_touched WHERE touch_id IN (SELECT touch_id FROM cdr_touched
	WHERE touch_id < :touch_id ORDER BY touch_id LIMIT :limit);

-- name: cdr_match
SELECT cdr.cdr_id, cdr.local_sequence, cdr.kind, cdr.status, cdr.marks, cdr.has_start, cdr.has_stop,
	cdr.entry_count, cdr.number_count, cdr.number_min, cdr.number_max, cdr.started_us,
	cdr.last_us, cdr.figures_us, cdr.ended_us, cdr.closed_us, cdr.supervise_until_us,
	cdr.origin_state_id, cdr.interim_interval_s, cdr.received_first_us, cdr.received_last_us,
	cdr.source, origin_host.name AS origin_host, cdr.origin_realm, cdr.session_id,
	cdr.multi_session_id, cdr.user_name, cdr.service_context_id,
	cdr.application_server_id, cdr.application_service_type, cdr.application_session_id,
	cdr.delivery_status, cdr.icid, cdr.call_id, cdr.sip_method, cdr.calling_party,
	cdr.called_party, cdr.group_name, cdr.participants_invited, cdr.participants_attached,
	cdr.messages_sent, cdr.messages_exploded, cdr.messages_sent_delivered,
	cdr.messages_exploded_delivered, cdr.content_octets, cdr.cause_code,
	cdr.termination_cause, cdr.content, account.name AS account, cdr.currency,
	cdr.cost_micros, cdr.cost_micros IS NOT NULL AS has_charge, cdr.sub_session
FROM cdr CROSS JOIN origin_host ON origin_host.origin_host_id = cdr.origin_host_id
	LEFT JOIN account ON account.account_id = cdr.account_id
WHERE cdr.cdr_id = :cdr_id
	AND (:from_us IS NULL OR cdr.started_us >= :from_us)
	AND (:until_us IS NULL OR cdr.started_us < :until_us)
	AND (:party_key IS NULL OR instr(',' || substr(cdr.parties, 2), :party_key) > 0)
	AND (:session_id IS NULL OR cdr.session_id = :session_id)
	AND (:icid IS NULL OR cdr.icid = :icid)
	AND (:name IS NULL OR origin_host.name = :name)
	AND (:service_context_id IS NULL OR cdr.service_context_id IS NOT NULL
		AND (:service_context_id = ''
			OR substr(cdr.service_context_id, -length(:service_context_id)) = :service_context_id))
	AND (:application_session_id IS NULL OR cdr.application_session_id = :application_session_id)
	AND (:application_service_type IS NULL
		OR cdr.application_service_type = :application_service_type)
	AND (:kind IS NULL OR cdr.kind = :kind)
	AND (:status IS NULL OR cdr.status = :status)
	AND (:marks IS NULL OR cdr.marks & :marks <> 0);

-- name: entry_next
SELECT entry_no, record_type, record_number, marks, event_us, received_us,
	application_service_type, participants, messages_sent, messages_exploded,
	messages_sent_delivered, messages_exploded_delivered, cause_code, content
FROM cdr_entry WHERE cdr_id = :cdr_id AND entry_no > :entry_no
ORDER BY entry_no LIMIT 1;

-- name: participant_next
SELECT entry_no, ordinal, party, action, at_us
FROM cdr_participant WHERE cdr_id = :cdr_id AND (entry_no, ordinal) > (:entry_no, :ordinal)
ORDER BY entry_no, ordinal LIMIT 1;

-- The books of CH-2.  What a request has to know.

-- name: answer_get
SELECT digest, answer FROM cc_answer
WHERE epoch = :epoch AND origin_host_id = :origin_host_id AND session_id = :session_id
	AND sub_session = :sub_session AND record_number = :record_number
	AND record_type = :record_type;

-- name: answer_any
SELECT 1 FROM cc_answer
WHERE epoch = :epoch AND origin_host_id = :origin_host_id AND session_id = :session_id
	AND sub_session = :sub_session
LIMIT 1;

-- name: cc_session_get
SELECT cc_session_id, status, account_id, cdr_id, until_us, cost_micros, services, look_at_us
FROM cc_session
WHERE session_id = :session_id AND origin_host_id = :origin_host_id AND sub_session = :sub_session;

-- name: account_get
SELECT account_id, name, status, currency, credit_limit_micros, low_balance_micros, valid_until_us,
	plan
FROM account WHERE account_id = :account_id;

-- name: account_by_name
SELECT account_id FROM account WHERE name = :name;

-- name: account_by_key
SELECT account_id FROM account_identity WHERE identity_key = :identity_key;

-- name: bucket_list
SELECT bucket_id, kind, is_main, balance, reserved, priority, valid_from_us, valid_until_us, name,
	service, last_id, line_count
FROM bucket WHERE account_id = :account_id;

-- name: debit_list
SELECT account_id, bucket_id, amount FROM ledger
WHERE ledger_id >= :ledger_id AND ledger_id < :ledger_id + 256 AND unit = 1 AND kind = 1
	AND is_event = 1;

-- name: debit_refunded
SELECT coalesce(sum(amount), 0) FROM ledger WHERE refunds = :posting_id AND unit = 1;

-- name: bucket_main
SELECT bucket_id FROM bucket WHERE account_id = :account_id AND is_main = 1;

-- name: cdr_state
SELECT cdr_id, local_sequence, kind, status, marks, has_start, has_stop, entry_count, number_count,
	number_min, number_max, started_us, last_us, figures_us, ended_us, closed_us,
	supervise_until_us, origin_state_id, interim_interval_s, look_at_us, icid,
	application_session_id, parties,
	(origin_realm IS NOT NULL) | ((multi_session_id IS NOT NULL) << 1) |
		((user_name IS NOT NULL) << 2) | ((service_context_id IS NOT NULL) << 3) |
		((application_server_id IS NOT NULL) << 4) |
		((application_service_type IS NOT NULL) << 5) |
		((application_session_id IS NOT NULL) << 6) | ((icid IS NOT NULL) << 7) |
		((call_id IS NOT NULL) << 8) | ((sip_method IS NOT NULL) << 9) |
		((calling_party IS NOT NULL) << 10) | ((called_party IS NOT NULL) << 11) |
		((group_name IS NOT NULL) << 12) | ((participants_invited IS NOT NULL) << 13) AS texts
FROM cdr WHERE cdr_id = :cdr_id;

-- What a plan writes.

-- name: ledger_add
INSERT INTO ledger (ledger_id, at_us, kind, is_event, account_id, bucket_id, line_count, previous_id,
	unit, amount, contra, balance_after, cdr_id, refunds, audit_id, reference)
VALUES (:ledger_id, :at_us, :kind, :is_event, :account_id, :bucket_id, :line_count, :previous_id,
	:unit, :amount, :contra, :balance_after, :cdr_id, :refunds, :audit_id, :reference);

-- name: ledger_zone_put
INSERT INTO ledger_zone (zone_no, from_us, until_us) VALUES (:zone_no, :from_us, :until_us)
ON CONFLICT (zone_no) DO UPDATE SET from_us = min(from_us, excluded.from_us),
	until_us = max(until_us, excluded.until_us)
	WHERE from_us > excluded.from_us OR until_us < excluded.until_us;

-- name: bucket_put
UPDATE bucket SET balance = :balance, reserved = :reserved, line_count = :line_count,
	last_id = :last_id
WHERE account_id = :account_id AND bucket_id = :bucket_id;

-- name: account_put_status
UPDATE account SET status = :status WHERE account_id = :account_id AND status <> :status;

-- name: cc_session_add
INSERT INTO cc_session (origin_host_id, session_id, sub_session, status, account_id, cdr_id,
	until_us, look_at_us, cost_micros, services)
VALUES (:origin_host_id, :session_id, :sub_session, :status, :account_id, :cdr_id,
	:until_us, :until_us, :cost_micros, :services);

-- name: cc_session_put
UPDATE cc_session SET status = :status, account_id = :account_id, cdr_id = :cdr_id,
	until_us = :until_us, cost_micros = :cost_micros, services = :services
WHERE cc_session_id = :cc_session_id;

-- name: cc_session_look_at
UPDATE cc_session SET look_at_us = :look_at_us
WHERE cc_session_id = :cc_session_id AND look_at_us <> :look_at_us;

-- name: cc_session_delete
DELETE FROM cc_session WHERE cc_session_id = :cc_session_id;

-- name: suspense_add
INSERT INTO suspense (at_us, origin_host_id, session_id, identity, used)
VALUES (:at_us, :origin_host_id, :session_id, :identity, :used);

-- name: answer_add
INSERT OR IGNORE INTO cc_answer (epoch, origin_host_id, session_id, sub_session, record_number,
	record_type, digest, answer)
VALUES (:epoch, :origin_host_id, :session_id, :sub_session, :record_number, :record_type,
	:digest, :answer);

-- What time does.

-- name: cc_deadline_first
SELECT look_at_us FROM cc_session WHERE look_at_us > -1 ORDER BY look_at_us LIMIT 1;

-- name: cc_session_due
SELECT cc_session_id, status, account_id, cdr_id, until_us, cost_micros, services, look_at_us
FROM cc_session WHERE look_at_us <= :until_us
ORDER BY look_at_us, cc_session_id LIMIT 1;

-- name: cc_session_next_older
SELECT cc_session.cc_session_id, cc_session.status, cc_session.account_id, cc_session.cdr_id,
	cc_session.until_us, cc_session.cost_micros, cc_session.services, cc_session.look_at_us
FROM cdr CROSS JOIN cc_session ON cc_session.session_id = cdr.session_id
	AND cc_session.origin_host_id = cdr.origin_host_id
	AND cc_session.sub_session = cdr.sub_session AND cc_session.cdr_id = cdr.cdr_id
WHERE cdr.origin_host_id = :origin_host_id AND cdr.source = 'CH-2' AND cdr.status = 1
	AND cdr.origin_state_id > 0 AND cdr.origin_state_id < :origin_state_id
	AND cc_session.status = 1
ORDER BY cdr.origin_state_id, cdr.cdr_id LIMIT 1;

-- name: cc_sub_session_next
-- In the order of the index, so that ending them all is one walk over it.
SELECT sub_session FROM cc_session
WHERE session_id = :session_id AND origin_host_id = :origin_host_id AND sub_session > :sub_session
	AND status = 1
ORDER BY sub_session LIMIT 1;

-- name: answer_epochs
SELECT epoch, began_us FROM answer_epoch WHERE epoch > 0 ORDER BY epoch DESC LIMIT 2;

-- name: answer_epoch_add
INSERT INTO answer_epoch (epoch) VALUES (:epoch);

-- name: answer_epoch_begin
UPDATE answer_epoch SET began_us = :received_us WHERE epoch = :epoch;

-- name: answer_epoch_delete
DELETE FROM answer_epoch WHERE epoch < :epoch;

-- name: answer_forget
DELETE FROM cc_answer
WHERE (epoch, origin_host_id, session_id, sub_session, record_number, record_type) IN (
	SELECT epoch, origin_host_id, session_id, sub_session, record_number, record_type
	FROM cc_answer WHERE epoch < :epoch
	ORDER BY epoch, origin_host_id, session_id, sub_session, record_number, record_type
	LIMIT :limit);

-- What is done by hand.

-- name: audit_add
INSERT INTO audit (at_us, who, why, action, subject) VALUES (:at_us, :who, :why, :action, :subject);

-- name: account_add
INSERT INTO account (name, status, currency, credit_limit_micros, low_balance_micros, valid_until_us,
	plan, created_us)
VALUES (:name, 1, :currency, :credit_limit_micros, :low_balance_micros, :valid_until_us,
	:plan, :at_us);

-- name: identity_add
INSERT INTO account_identity (identity_key, account_id, identity_type)
VALUES (:identity_key, :account_id, :identity_type);

-- name: bucket_add
INSERT INTO bucket (account_id, bucket_id, kind, is_main, balance, reserved, line_count, priority,
	valid_from_us, valid_until_us, name, service)
VALUES (:account_id, :bucket_id, :kind, :is_main, 0, 0, 0, :priority, :valid_from_us,
	:valid_until_us, :name, :service);

-- name: reference_get
SELECT ledger_id FROM ledger WHERE reference = :reference;

-- name: tariff_add
INSERT INTO tariff (name, text, loaded_us, in_force_from_us, audit_id)
VALUES (:name, :text, :at_us, :in_force_from_us, :audit_id);

-- name: suspense_get
SELECT posting_id IS NOT NULL AS is_posted FROM suspense WHERE suspense_id = :suspense_id;

-- name: suspense_put
UPDATE suspense SET posting_id = :posting_id WHERE suspense_id = :suspense_id;

-- The books read back, a row at a time, as records are.

-- name: account_next
SELECT account_id FROM account WHERE account_id > :account_id ORDER BY account_id LIMIT 1;

-- name: identity_list
SELECT identity_key FROM account_identity WHERE account_id = :account_id ORDER BY identity_key;

-- name: ledger_zone_bounds
SELECT min(zone_no), max(zone_no) FROM ledger_zone
WHERE until_us >= :from_us AND from_us < :until_us;

-- name: ledger_back
SELECT coalesce(previous_id, 0), at_us, cdr_id FROM ledger WHERE ledger_id = :ledger_id;

-- name: ledger_last
SELECT last_id FROM bucket WHERE account_id = :account_id AND last_id IS NOT NULL;

-- name: posting_next_of_cdr
-- An event has its posting in its record, a session in the entries of its timeline.
SELECT posting_id, 0 AS entry_no FROM cdr
WHERE cdr_id = :cdr_id AND :entry_no < 0 AND posting_id IS NOT NULL
UNION ALL
SELECT posting_id, entry_no FROM cdr_entry
WHERE cdr_id = :cdr_id AND entry_no > :entry_no AND posting_id IS NOT NULL
ORDER BY entry_no LIMIT 1;

-- name: ledger_next
SELECT ledger.posting_id, ledger.line_no, ledger.at_us, ledger.kind,
	account.name AS account, bucket.name AS bucket, ledger.unit, ledger.amount,
	ledger.contra, ledger.balance_after, ledger.cdr_id, cdr.session_id, audit.who,
	audit.why, ledger.reference
FROM ledger
	CROSS JOIN account ON account.account_id = ledger.account_id
	CROSS JOIN bucket ON bucket.account_id = ledger.account_id
		AND bucket.bucket_id = ledger.bucket_id
	LEFT JOIN cdr ON cdr.cdr_id = ledger.cdr_id
	LEFT JOIN audit ON audit.audit_id = ledger.audit_id
WHERE ledger.ledger_id > :ledger_id AND ledger.ledger_id < :end_id
	AND ledger.at_us >= :from_us AND ledger.at_us < :until_us
ORDER BY ledger.ledger_id LIMIT 1;

-- name: suspense_next
SELECT suspense_id, at_us, origin_host.name AS origin_host, session_id, identity, used,
	posting_id IS NOT NULL AS is_posted
FROM suspense CROSS JOIN origin_host USING (origin_host_id)
WHERE suspense_id > :suspense_id
ORDER BY suspense_id LIMIT 1;

-- name: suspense_next_waiting
SELECT suspense_id, at_us, origin_host.name AS origin_host, session_id, identity, used,
	posting_id IS NOT NULL AS is_posted
FROM suspense INDEXED BY ix_suspense__waiting CROSS JOIN origin_host USING (origin_host_id)
WHERE posting_id IS NULL AND suspense_id > :suspense_id
ORDER BY suspense_id LIMIT 1;

-- name: tariff_next
SELECT version, tariff.name, text, loaded_us, in_force_from_us, audit.who
FROM tariff CROSS JOIN audit USING (audit_id)
WHERE version > :version
ORDER BY version LIMIT 1;

-- name: done_next
SELECT 0 AS entry_no, services FROM cdr
WHERE cdr_id = :cdr_id AND :entry_no < 0 AND services IS NOT NULL
UNION ALL
SELECT entry_no, services FROM cdr_entry
WHERE cdr_id = :cdr_id AND entry_no > :entry_no AND services IS NOT NULL
ORDER BY entry_no LIMIT 1;

-- The laws of src/port/books_law.def, by their names: rows that break them.

-- name: txn_begin_read
BEGIN;

-- name: law_ZERO
SELECT 'posting ' || posting_id FROM v_unbalanced;

-- name: law_BALANCE
SELECT 'bucket ' || bucket_id FROM v_balance_conflict;

-- name: law_CHAIN
SELECT 'posting ' || posting_id FROM v_chain_conflict;

-- name: law_RESERVED
SELECT 'bucket ' || bucket_id FROM v_reserve_conflict;

-- name: law_CHARGED
SELECT 'record ' || cdr_id FROM v_charge_conflict;

-- name: law_REFUNDED
SELECT 'posting ' || posting_id FROM v_refund_conflict;

-- name: law_GAPLESS
SELECT 'posting ' || (postings + 1) FROM v_posting_gap;

-- Records that an archive holds by now: each leaves with all that belongs to it, unless it changed.

-- name: leaver_get
SELECT local_sequence FROM cdr
WHERE cdr_id = :cdr_id AND status = 2 AND entry_count = :entry_count AND marks = :marks
	AND received_last_us = :received_last_us
	AND NOT (source = 'CH-2' AND kind = 2 AND EXISTS (SELECT 1 FROM cc_session
		WHERE cc_session.session_id = cdr.session_id
			AND cc_session.origin_host_id = cdr.origin_host_id
			AND cc_session.sub_session = cdr.sub_session
			AND cc_session.cdr_id = cdr.cdr_id));

-- name: leaver_delete_entries
DELETE FROM cdr_entry WHERE cdr_id = :cdr_id;

-- name: leaver_delete_participants
DELETE FROM cdr_participant WHERE cdr_id = :cdr_id;

-- name: leaver_delete
DELETE FROM cdr WHERE cdr_id = :cdr_id;

-- name: archive_put
INSERT INTO archive (name, octets, records, local_sequence_max)
VALUES (:name, :octets, :records, :local_sequence_max)
ON CONFLICT (name) DO UPDATE SET octets = max(octets, excluded.octets),
	records = records + excluded.records,
	local_sequence_max = max(local_sequence_max, excluded.local_sequence_max);

-- name: archive_next
SELECT name, octets, records, local_sequence_max FROM archive WHERE name > :name
ORDER BY name LIMIT 1;

-- Records on their way into an archive: which of them may go, and all that belongs to each.  Rows are
-- taken as they are, whatever columns they have.

-- name: pack_newer
-- The first record behind this one, and when it came: ids are given in the order of arrival.
SELECT cdr_id, received_first_us FROM cdr WHERE cdr_id > :cdr_id ORDER BY cdr_id LIMIT 1;

-- name: pack_highest
SELECT max(cdr_id) FROM cdr;

-- name: pack_ids
SELECT cdr_id, received_last_us, entry_count, marks, started_us, closed_us, local_sequence
FROM cdr
WHERE cdr_id > :cdr_id AND cdr_id <= :highest_cdr_id AND status = 2 AND closed_us < :until_us
	AND NOT (source = 'CH-2' AND kind = 2 AND EXISTS (SELECT 1 FROM cc_session
		WHERE cc_session.session_id = cdr.session_id
			AND cc_session.origin_host_id = cdr.origin_host_id
			AND cc_session.sub_session = cdr.sub_session
			AND cc_session.cdr_id = cdr.cdr_id))
ORDER BY cdr_id LIMIT :limit;

-- name: pack_terms
-- Kinds as in enum chg_cdr_term.
SELECT 1, party.key FROM cdr CROSS JOIN json_each(cdr.parties) AS party WHERE cdr_id = :cdr_id
UNION ALL SELECT 2, session_id FROM cdr WHERE cdr_id = :cdr_id
UNION ALL SELECT 3, icid FROM cdr WHERE cdr_id = :cdr_id AND icid IS NOT NULL
UNION ALL SELECT 4, CAST(application_session_id AS TEXT) FROM cdr
	WHERE cdr_id = :cdr_id AND application_session_id IS NOT NULL;

-- name: pack_cdr
SELECT * FROM cdr WHERE cdr_id = :cdr_id;

-- name: pack_cdr_entry
SELECT * FROM cdr_entry WHERE cdr_id = :cdr_id;

-- name: pack_cdr_participant
SELECT * FROM cdr_participant WHERE cdr_id = :cdr_id;

-- name: pack_origin_host
SELECT * FROM origin_host WHERE origin_host_id IN
	(SELECT origin_host_id FROM cdr WHERE cdr_id BETWEEN :cdr_id AND :highest_cdr_id);

-- name: pack_cdr_zone
SELECT * FROM cdr_zone WHERE zone_no BETWEEN :cdr_id / 4096 AND :highest_cdr_id / 4096;

-- name: pack_account
SELECT * FROM account WHERE account_id IN
	(SELECT account_id FROM cdr WHERE cdr_id BETWEEN :cdr_id AND :highest_cdr_id);

-- name: pack_conflict
-- Whether rows of elsewhere are such as this program would write.
SELECT 1 FROM v_content_conflict UNION ALL SELECT 1 FROM v_status_conflict LIMIT 1;
