-- The highest number that the polls of each producer say the broker acknowledged in each partition, stored in the
-- transactions that moved the cursors, and the part of it that an accepted loss excuses.

SELECT
    poll.producer_id,
    spot.key AS spot,
    max(spot.value::bigint) AS highest_seq,
    max(spot.value::bigint) FILTER (WHERE poll.received_at <= loss.accepted_at) AS excused_seq
FROM proof_producer
JOIN ops.poll USING (producer_id)
CROSS JOIN LATERAL jsonb_each_text(poll.highest_seq) AS spot
LEFT JOIN (
    SELECT format('%%s/%%s', topic, partition) AS spot, max(accepted_at) AS accepted_at
    FROM ops.stream_loss
    WHERE to_offset > from_offset
    GROUP BY topic, partition
) AS loss ON loss.spot = spot.key
WHERE poll.poll_id <= %(until_poll_id)s
GROUP BY poll.producer_id, spot.key
