-- The numbers that each batch holds of each producer, in the order of its partition: batches of a topic that was made anew
-- come after those of the topic before it, whatever their offsets. A single run of numbers is told by its ends.

WITH numbered AS (
    SELECT
        source.producer_id,
        batch.topic,
        batch.partition,
        batch.topic_id,
        batch.batch_id,
        batch.first_offset,
        batch.last_offset,
        batch.committed_at,
        sum(source.records)::bigint AS records,
        range_agg(coalesce(
            source.seqs,
            int8multirange(int8range(source.lowest_seq, source.highest_seq, '[]'))
        )) AS seqs,
        range_agg(coalesce(
            source.duplicate_seqs,
            CASE
                WHEN source.duplicate = source.records
                    THEN int8multirange(int8range(source.lowest_seq, source.highest_seq, '[]'))
                ELSE '{}'
            END
        )) AS duplicate_seqs
    FROM proof_producer
    JOIN ops.stream_batch_source AS source USING (producer_id)
    JOIN ops.stream_batch AS batch USING (batch_id)
    WHERE source.highest_seq IS NOT NULL
    GROUP BY source.producer_id, batch.batch_id
),
identity AS (
    SELECT known.topic, known.partition, known.topic_id, oldest.batch_id AS first_batch_id
    FROM (SELECT DISTINCT topic, partition, topic_id FROM numbered) AS known
    CROSS JOIN LATERAL (
        SELECT batch.batch_id
        FROM ops.stream_batch AS batch
        WHERE batch.topic = known.topic
          AND batch.partition = known.partition
          AND batch.topic_id = known.topic_id
        ORDER BY batch.first_offset
        LIMIT 1
    ) AS oldest
)
SELECT
    numbered.producer_id,
    numbered.topic,
    numbered.partition,
    numbered.topic_id,
    numbered.batch_id,
    numbered.first_offset,
    numbered.last_offset,
    numbered.committed_at,
    run.started_at,
    numbered.records,
    numbered.seqs,
    numbered.duplicate_seqs
FROM numbered
JOIN identity USING (topic, partition, topic_id)
LEFT JOIN ops.producer_run AS run USING (producer_id)
ORDER BY numbered.producer_id, numbered.topic, numbered.partition, identity.first_batch_id, numbered.first_offset
