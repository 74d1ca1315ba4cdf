-- The stops that still hold: the ledger stands where they were met, and nobody has consented to go on.

SELECT stop.topic, stop.partition, stop.topic_id, stop.next_offset, stop.at_offset, stop.rule, stop.reason, stop.source
FROM ops.stream_stop AS stop
INNER JOIN ops.stream_ledger AS ledger USING (topic, partition, topic_id, next_offset)
WHERE NOT EXISTS (
    SELECT
    FROM ops.dead_letter_consent AS consent
    WHERE consent.topic = stop.topic
        AND consent.partition = stop.partition
        AND consent.topic_id = stop.topic_id
        AND consent.until_offset > stop.at_offset
)
ORDER BY stop.topic, stop.partition
