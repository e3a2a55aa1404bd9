-- SPDX-License-Identifier: BSD-3-Clause
-- Archives: where records went that are not kept here any more.

BEGIN IMMEDIATE;

-- The files that old records were moved into, one row per file.
CREATE TABLE archive (
	name               TEXT PRIMARY KEY, -- of the file, in records.archive_dir
	octets             INTEGER NOT NULL, -- so much of the file, from its beginning, must be there
	records            INTEGER NOT NULL, -- records that left cdr because they are in there
	local_sequence_max INTEGER NOT NULL  -- the highest local_sequence among them
) STRICT, WITHOUT ROWID;

DROP VIEW v_sequence_gap;

-- Must be empty: numbers that are missing between two records, or after the last one, and numbers
-- that were given twice (then the first number missing is the one after them).  Up to the highest
-- number that was archived, records here and records in archives have to be as many as the numbers;
-- above it each number is looked at.
CREATE VIEW v_sequence_gap AS
WITH archived AS (
	SELECT coalesce(sum(records), 0) AS records, coalesce(max(local_sequence_max), 0) AS highest
	FROM archive)
SELECT previous + 1 AS missing_from, local_sequence - 1 AS missing_to
FROM (SELECT local_sequence,
		lag(local_sequence, 1, (SELECT nullif(highest, 0) FROM archived))
			OVER (ORDER BY local_sequence) AS previous
	FROM cdr WHERE local_sequence > (SELECT highest FROM archived))
WHERE local_sequence - previous <> 1
UNION ALL
SELECT highest + 1, next_value - 1
FROM (SELECT max(highest) AS highest FROM (
		SELECT max(local_sequence) AS highest FROM cdr WHERE local_sequence IS NOT NULL
		UNION ALL SELECT nullif(highest, 0) FROM archived)), sequence
WHERE sequence.name = 'local_sequence' AND next_value - 1 <> highest
UNION ALL
SELECT 1, highest FROM archived
WHERE records + (SELECT count(*) FROM cdr WHERE local_sequence <= highest) <> highest;

PRAGMA user_version = 5;

COMMIT;
