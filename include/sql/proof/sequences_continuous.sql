-- Batches of a producer and partition, against those that begin with the number after the last batch's and hold as many
-- records as numbers. Together with the totals: each number exactly once.

WITH numbered AS (
    SELECT
        source.producer_id,
        batch.topic,
        batch.partition,
        batch.batch_id,
        sum(source.records) AS records,
        min(source.lowest_seq) AS lowest_seq,
        max(source.highest_seq) AS highest_seq,
        batch.first_offset
    FROM ops.stream_batch_source AS source
    JOIN ops.stream_batch AS batch USING (batch_id)
    WHERE source.producer_id <> ''
      AND source.highest_seq IS NOT NULL
    GROUP BY source.producer_id, batch.topic, batch.partition, batch.batch_id
),
followed AS (
    SELECT
        *,
        coalesce(lag(highest_seq) OVER (PARTITION BY producer_id, topic, partition ORDER BY first_offset), 0) AS before
    FROM numbered
)
SELECT
    format(
        '%%s %%s/%%s batch %%s holds numbers %%s to %%s in %%s records after %%s',
        producer_id, topic, partition, batch_id, lowest_seq, highest_seq, records, before
    ) AS place,
    1 AS left_count,
    (lowest_seq = before + 1 AND highest_seq = before + records)::integer AS right_count
FROM followed
