-- Every trade of one day that is the current version of its fact, as it came: what it may do to a bar is judged anew.
-- In no order on purpose.

COPY (
    SELECT
        symbol,
        feed,
        session_part,
        array_to_json(conditions) AS conditions,
        tape,
        event_time_ns,
        sequence_number,
        trade_id_number,
        entity_id,
        event_id,
        action,
        received_at,
        price,
        size,
        exchange,
        volume_scope
    FROM market.event
    WHERE trading_date = %(trading_date)s
      AND event_type = 'trade'
) TO STDOUT (FORMAT csv)
