-- The versions of one day's trades that another one superseded.

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
    FROM market.event_superseded
    WHERE trading_date = %(trading_date)s
      AND event_type = 'trade'
) TO STDOUT (FORMAT csv)
