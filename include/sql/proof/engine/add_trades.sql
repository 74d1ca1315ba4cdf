-- DuckDB. What the trades of a piece that are in force add to their minutes. The braces hold which of them to leave out.

INSERT INTO partial
SELECT
    piece.symbol,
    piece.feed,
    kind.bar_part AS session_part,
    piece.event_time_ns // 60000000000 AS start_min,
    min({{
        'ns': event_time_ns, 'sequence': coalesce(sequence_number, -1), 'trade_id': coalesce(trade_id_number, -1),
        'event_id': event_id::UUID, 'price': price
    }}) FILTER (WHERE kind.sets_open_close) AS first,
    max({{
        'ns': event_time_ns, 'sequence': coalesce(sequence_number, -1), 'trade_id': coalesce(trade_id_number, -1),
        'event_id': event_id::UUID, 'price': price
    }}) FILTER (WHERE kind.sets_open_close) AS last,
    max(price) FILTER (WHERE kind.sets_high_low) AS high,
    min(price) FILTER (WHERE kind.sets_high_low) AS low,
    sum(size) FILTER (WHERE kind.adds_volume) AS volume,
    sum(price * size) FILTER (WHERE kind.adds_volume) AS notional,
    count(*) FILTER (WHERE kind.adds_volume) AS trade_count,
    min(volume_scope) FILTER (WHERE kind.adds_volume) AS lowest_scope,
    max(volume_scope) FILTER (WHERE kind.adds_volume) AS highest_scope
FROM piece
JOIN kind
    ON kind.feed = piece.feed
   AND kind.session_part = piece.session_part
   AND kind.conditions = piece.conditions
   AND kind.tape = coalesce(piece.tape, '')
WHERE piece.action <> 'cancel'
  AND kind.bar_part IS NOT NULL
  {left_out}
GROUP BY ALL
