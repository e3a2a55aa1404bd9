-- SPDX-License-Identifier: BSD-3-Clause
-- The search file, "<store.path>-search": which records hold a term.  Disposable: everything in it was
-- read from the records and can be read from them again.  src/store/sqlite/sqlite_search.h explains it.
--
-- A term is one thing that a record is found by: a party, an ICID, an Application-Session-ID, a
-- Session-Id.  An entry says "this record may hold a term of this hash": the hash of the term (31 bits)
-- and the record's cdr_id less the run's first_cdr_id (32 bits), as one number, so that entries in order
-- of that number have the records of a term side by side and ascending.

BEGIN IMMEDIATE;

-- How far the index has come, and marks by which it is known to belong to the database beside it.
CREATE TABLE state (
	state_no     INTEGER PRIMARY KEY CHECK (state_no = 1), -- always 1
	cdr_id       INTEGER NOT NULL, -- records up to this one are in runs; 0 none yet
	received_us  INTEGER NOT NULL, -- cdr.received_first_us of that record, us
	session_hash INTEGER NOT NULL, -- hash of its Session-Id (263)
	touch_id     INTEGER NOT NULL, -- changed records up to this row of cdr_touched are in runs; 0 none yet
	touch_cdr_id INTEGER NOT NULL  -- the record of that row
) STRICT;

INSERT INTO state VALUES (1, 0, 0, 0, 0, 0);

-- Runs: sets of entries that are written once.  Runs of one level become one of the next.
CREATE TABLE run (
	run_no       INTEGER PRIMARY KEY, -- ascending; that of a run that went is not given again while its blocks are there
	is_touched   INTEGER NOT NULL CHECK (is_touched IN (0, 1)), -- 0: of all records between its two; 1: of some that changed
	is_ready     INTEGER NOT NULL CHECK (is_ready IN (0, 1)),   -- 0 while it is put together of others
	level        INTEGER NOT NULL, -- how often it was put together
	first_cdr_id INTEGER NOT NULL, -- its lowest record, from which its entries count
	last_cdr_id  INTEGER NOT NULL  -- its highest record
) STRICT;

-- The entries of a run, in their order, as many as a page holds.
CREATE TABLE block (
	block_id INTEGER PRIMARY KEY, -- ascending, so that blocks are appended
	run_no   INTEGER NOT NULL,    -- the run; blocks without one are on their way out
	entry    INTEGER NOT NULL,    -- its first entry
	body     BLOB NOT NULL        -- its entries, 8 octets each as this machine writes them, and 8 octets of checksum
) STRICT;

-- Question: where in the run is this entry.
CREATE UNIQUE INDEX ix_block__run_no ON block (run_no, entry);

-- "CHGS": says whose file this is.
PRAGMA application_id = 1128810323;
PRAGMA user_version = 1;

COMMIT;
