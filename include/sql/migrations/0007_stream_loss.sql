-- A topic that is made anew counts its offsets from the beginning: a batch belongs to one identity of its topic. And
-- the losses that a person accepted, so that the equations can tell them from those that nobody knows of.

ALTER TABLE ops.stream_batch ADD COLUMN topic_id text;

UPDATE ops.stream_batch AS batch
SET topic_id = coalesce(
    (SELECT topic_id FROM ops.stream_ledger AS ledger WHERE ledger.topic = batch.topic AND ledger.partition = batch.partition),
    ''
);

ALTER TABLE ops.stream_batch ALTER COLUMN topic_id SET NOT NULL;
ALTER TABLE ops.stream_batch DROP CONSTRAINT stream_batch_topic_partition_first_offset_key;
ALTER TABLE ops.stream_batch ADD UNIQUE (topic, partition, topic_id, first_offset);

-- Offsets [from_offset, to_offset) of one partition that were never landed and never will be. When the topic was made
-- anew, `to_offset` counts the records that are known to have been there.
CREATE TABLE ops.stream_loss (
    topic       text        NOT NULL,
    topic_id    text        NOT NULL,
    partition   integer     NOT NULL,
    from_offset bigint      NOT NULL,
    to_offset   bigint      NOT NULL,
    reason      text        NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT now(),
    accepted_by text        NOT NULL,
    PRIMARY KEY (topic, partition, topic_id, from_offset),
    CHECK (from_offset <= to_offset)
);

GRANT SELECT, INSERT ON ops.stream_loss TO marketpulse_writer;
GRANT SELECT ON ops.stream_loss TO marketpulse_operations;

-- The numbers that each batch holds of each producer, in the order of its partition: the highest number before them, and
-- how many are missing in between because they were among an accepted loss.
CREATE VIEW ops.producer_batch AS
WITH identity AS (
    -- Batches of a topic that was made anew come after those of the topic before it, whatever their offsets.
    SELECT topic, partition, topic_id, min(batch_id) AS first_batch_id
    FROM ops.stream_batch
    GROUP BY topic, partition, topic_id
),
numbered AS (
    SELECT
        source.producer_id,
        batch.topic,
        batch.partition,
        batch.topic_id,
        batch.batch_id,
        batch.first_offset,
        batch.committed_at,
        identity.first_batch_id,
        sum(source.records) AS records,
        min(source.lowest_seq) AS lowest_seq,
        max(source.highest_seq) AS highest_seq
    FROM ops.stream_batch_source AS source
    JOIN ops.stream_batch AS batch USING (batch_id)
    JOIN identity USING (topic, partition, topic_id)
    WHERE source.producer_id <> ''
      AND source.highest_seq IS NOT NULL
    GROUP BY source.producer_id, batch.batch_id, identity.first_batch_id
),
followed AS (
    SELECT
        *,
        coalesce(lag(highest_seq) OVER following, 0) AS before,
        lag(committed_at) OVER following AS before_at
    FROM numbered
    WINDOW following AS (PARTITION BY producer_id, topic, partition ORDER BY first_batch_id, first_offset)
)
SELECT
    followed.producer_id,
    followed.topic,
    followed.partition,
    followed.batch_id,
    followed.records,
    followed.lowest_seq,
    followed.highest_seq,
    followed.before,
    coalesce(accepted.numbers, 0) AS lost
FROM followed
LEFT JOIN ops.producer_run AS run USING (producer_id)
LEFT JOIN LATERAL (
    -- Which of a partition's producers lost how much, nobody knows; more than the loss itself it cannot be.
    SELECT followed.lowest_seq - followed.before - 1 AS numbers
    FROM ops.stream_loss AS loss
    WHERE loss.topic = followed.topic
      AND loss.partition = followed.partition
      AND loss.accepted_at >= coalesce(followed.before_at, run.started_at, '-infinity')
      AND loss.accepted_at <= followed.committed_at
    HAVING bool_or(loss.topic_id <> followed.topic_id)
        OR sum(loss.to_offset - loss.from_offset) >= followed.lowest_seq - followed.before - 1
) AS accepted ON followed.lowest_seq > followed.before + 1;

GRANT SELECT ON ops.producer_batch TO marketpulse_operations;
