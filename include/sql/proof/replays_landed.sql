-- Dead letters that were replayed, against those whose event is in the tables, or is a dead letter again, or belongs to
-- a day that retention has sealed since. `until_poll_id` as in select_acknowledged.

SELECT
    format('dead letter %%s', replay.dead_letter_id) AS place,
    1 AS left_count,
    (
        EXISTS (
            SELECT
            FROM market.event AS event
            WHERE event.trading_date = replay.trading_date
                AND event.entity_id = replay.entity_id
                AND event.event_id = replay.event_id
        )
        OR EXISTS (
            SELECT
            FROM market.event_superseded AS event
            WHERE event.trading_date = replay.trading_date
                AND event.entity_id = replay.entity_id
                AND event.event_id = replay.event_id
        )
        OR EXISTS (SELECT FROM ops.sealed_day AS sealed WHERE sealed.trading_date = replay.trading_date)
        OR EXISTS (
            SELECT
            FROM ops.dead_letter AS again
            WHERE again.producer_id = replay.producer_id
                AND again.kafka_partition = replay.partition
                AND again.producer_seq = replay.producer_seq
        )
    )::integer AS right_count
FROM ops.dead_letter_replay AS replay
WHERE replay.poll_id <= %(until_poll_id)s
    AND replay.trading_date >= coalesce(%(date_from)s::date, '-infinity')
    AND replay.trading_date <= coalesce(%(date_to)s::date, 'infinity')
