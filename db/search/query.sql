-- SPDX-License-Identifier: BSD-3-Clause
-- Every statement on the search file, each under its name (src/store/sqlite/sqlite_search.def).
-- Parameters carry the names of src/store/sqlite/sqlite_name.def.

-- name: begin_read
BEGIN;

-- name: begin_write
BEGIN IMMEDIATE;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: state_get
SELECT cdr_id, received_us, session_hash, touch_id, touch_cdr_id FROM state WHERE state_no = 1;

-- name: state_put
UPDATE state SET cdr_id = :cdr_id, received_us = :received_us, session_hash = :session_hash,
	touch_id = :touch_id, touch_cdr_id = :touch_cdr_id
WHERE state_no = 1;

-- name: run_list
SELECT run_no, is_touched, level, first_cdr_id, last_cdr_id FROM run
WHERE is_ready = 1 ORDER BY is_touched DESC, first_cdr_id, run_no;

-- name: run_number
-- Blocks may outlive their run, and must not become those of another.
SELECT max(coalesce((SELECT max(run_no) FROM run), 0),
	coalesce((SELECT max(run_no) FROM block), 0)) + 1;

-- name: run_add
INSERT INTO run (run_no, is_touched, is_ready, level, first_cdr_id, last_cdr_id)
VALUES (:run_no, :is_touched, :is_ready, :level, :first_cdr_id, :last_cdr_id);

-- name: run_ready
UPDATE run SET is_ready = 1 WHERE run_no = :run_no;

-- name: run_delete
DELETE FROM run WHERE run_no = :run_no;

-- name: run_delete_unready
-- What was being put together when the node ended.
DELETE FROM run WHERE is_ready = 0;

-- name: run_delete_below
DELETE FROM run WHERE last_cdr_id < :cdr_id AND is_ready = 1;

-- name: run_mergeable
SELECT is_touched, level FROM run WHERE is_ready = 1
GROUP BY is_touched, level HAVING count(*) >= :limit
ORDER BY level, is_touched LIMIT 1;

-- name: run_oldest
SELECT run_no, is_touched, level, first_cdr_id, last_cdr_id FROM run
WHERE is_ready = 1 AND is_touched = :is_touched AND level = :level
ORDER BY run_no LIMIT :limit;

-- name: block_add
INSERT INTO block (run_no, entry, body) VALUES (:run_no, :entry, :body);

-- name: block_at
SELECT body FROM block WHERE run_no = :run_no AND entry <= :entry
ORDER BY entry DESC LIMIT 1;

-- name: block_after
SELECT body FROM block WHERE run_no = :run_no AND entry > :entry
ORDER BY entry LIMIT 1;

-- name: block_run_next
SELECT run_no FROM block INDEXED BY ix_block__run_no WHERE run_no > :run_no ORDER BY run_no LIMIT 1;

-- name: run_is_there
SELECT 1 FROM run WHERE run_no = :run_no;

-- name: block_delete
DELETE FROM block WHERE block_id IN (
	SELECT block_id FROM block WHERE run_no = :run_no ORDER BY entry LIMIT :limit);
