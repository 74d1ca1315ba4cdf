-- What the proof needs in order to compare independent numbers, and to read no more than the days it is asked about.

-- `records` is what the adapter counted on the wire, no longer the sum of what became of it: that they are equal is for
-- the proof to say, and a constraint would only keep the contradiction out of sight. `set_aside` counts what a poll read
-- and left to another one.
ALTER TABLE ops.poll DROP CONSTRAINT poll_check;
ALTER TABLE ops.poll ADD COLUMN set_aside bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ops.poll.records IS 'counted on the wire by the adapter = events + repeated + rejected + set_aside';

-- The numbers themselves, not only the lowest and the highest: a number that comes twice is a copy, and one that is
-- missing is a loss. `duplicate_seqs` holds the runs of them in which every record was a duplicate.
ALTER TABLE ops.stream_batch_source ADD COLUMN seqs int8multirange;
ALTER TABLE ops.stream_batch_source ADD COLUMN duplicate_seqs int8multirange;

-- How many versions (landed + superseding) each batch put on each day.
CREATE TABLE ops.stream_batch_day (
    trading_date date   NOT NULL,
    batch_id     bigint NOT NULL REFERENCES ops.stream_batch,
    versions     bigint NOT NULL CHECK (versions > 0),
    PRIMARY KEY (trading_date, batch_id)
);
CREATE INDEX stream_batch_day_batch_idx ON ops.stream_batch_day (batch_id);

INSERT INTO ops.stream_batch_day (trading_date, batch_id, versions)
SELECT trading_date, batch_id, count(*)
FROM (
    SELECT trading_date, batch_id FROM market.event
    UNION ALL
    SELECT trading_date, batch_id FROM market.event_superseded
) AS known
JOIN ops.stream_batch USING (batch_id)
GROUP BY trading_date, batch_id;

-- Of days that retention dropped before now nobody knows which batch had how many on which of them.
INSERT INTO ops.stream_batch_day (trading_date, batch_id, versions)
SELECT '-infinity', batch.batch_id, batch.landed + batch.superseding - coalesce(days.versions, 0)
FROM ops.stream_batch AS batch
LEFT JOIN (
    SELECT batch_id, sum(versions) AS versions
    FROM ops.stream_batch_day
    GROUP BY batch_id
) AS days USING (batch_id)
WHERE batch.landed + batch.superseding > coalesce(days.versions, 0)
  AND EXISTS (SELECT FROM ops.sealed_day);

CREATE INDEX dead_letter_batch_idx ON ops.dead_letter (batch_id);

-- The numbers are followed by the proof itself now.
DROP VIEW ops.producer_batch;

GRANT SELECT, INSERT, UPDATE, DELETE ON ops.stream_batch_day TO marketpulse_writer;
GRANT SELECT ON ops.stream_batch_day TO marketpulse_operations;
