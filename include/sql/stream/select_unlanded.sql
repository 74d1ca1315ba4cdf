-- How many records of each partition the broker acknowledged, as far as polls tell, that neither landed nor belong to a
-- loss that was accepted before.

WITH acknowledged AS (
    SELECT
        poll.producer_id,
        spot.key AS spot,
        max(spot.value::bigint) AS highest_seq,
        max(spot.value::bigint) FILTER (WHERE poll.received_at <= loss.accepted_at) AS excused_seq
    FROM ops.poll
    CROSS JOIN LATERAL jsonb_each_text(poll.highest_seq) AS spot
    LEFT JOIN (
        SELECT format('%%s/%%s', topic, partition) AS spot, max(accepted_at) AS accepted_at
        FROM ops.stream_loss
        WHERE to_offset > from_offset
        GROUP BY topic, partition
    ) AS loss ON loss.spot = spot.key
    GROUP BY poll.producer_id, spot.key
),
landed AS (
    SELECT source.producer_id, format('%%s/%%s', batch.topic, batch.partition) AS spot, max(source.highest_seq) AS highest_seq
    FROM ops.stream_batch_source AS source
    JOIN ops.stream_batch AS batch USING (batch_id)
    WHERE source.highest_seq IS NOT NULL
    GROUP BY source.producer_id, batch.topic, batch.partition
)
SELECT
    ledger.topic,
    ledger.partition,
    sum(greatest(acknowledged.highest_seq - greatest(landed.highest_seq, acknowledged.excused_seq, 0), 0))::bigint
FROM acknowledged
JOIN ops.stream_ledger AS ledger ON format('%%s/%%s', ledger.topic, ledger.partition) = acknowledged.spot
LEFT JOIN landed USING (producer_id, spot)
WHERE ledger.topic = ANY(%(topics)s)
GROUP BY ledger.topic, ledger.partition
