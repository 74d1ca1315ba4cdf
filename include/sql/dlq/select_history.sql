-- What was done about one letter: its replay with what became of the event, and its acceptance.

SELECT
    replay.replayed_by,
    replay.replayed_at,
    replay.event_id,
    replay.trading_date,
    CASE
        WHEN replay.dead_letter_id IS NULL THEN NULL
        WHEN EXISTS (
            SELECT
            FROM market.event AS event
            WHERE event.trading_date = replay.trading_date
                AND event.entity_id = replay.entity_id
                AND event.event_id = replay.event_id
        ) THEN 'landed'
        WHEN EXISTS (
            SELECT
            FROM market.event_superseded AS event
            WHERE event.trading_date = replay.trading_date
                AND event.entity_id = replay.entity_id
                AND event.event_id = replay.event_id
        ) THEN 'landed, and another version of the fact counts'
        WHEN EXISTS (
            SELECT
            FROM ops.dead_letter AS again
            WHERE again.producer_id = replay.producer_id
                AND again.kafka_partition = replay.partition
                AND again.producer_seq = replay.producer_seq
        ) THEN 'a dead letter again'
        WHEN EXISTS (SELECT FROM ops.sealed_day AS sealed WHERE sealed.trading_date = replay.trading_date)
            THEN 'its day was sealed since'
        ELSE 'on its way'
    END AS outcome,
    acceptance.accepted_by,
    acceptance.accepted_at,
    acceptance.reason
FROM (SELECT) AS always
LEFT JOIN ops.dead_letter_replay AS replay ON replay.dead_letter_id = %(dead_letter_id)s
LEFT JOIN ops.dead_letter_acceptance AS acceptance ON acceptance.dead_letter_id = %(dead_letter_id)s
