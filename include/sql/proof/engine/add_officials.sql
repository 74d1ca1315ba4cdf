-- DuckDB. The auction prints and official reports of a piece. The braces hold which of its trades to leave out.

INSERT INTO official
SELECT
    piece.symbol,
    piece.feed,
    kind.auction,
    {{
        'ns': event_time_ns, 'sequence': coalesce(sequence_number, -1), 'trade_id': coalesce(trade_id_number, -1),
        'event_id': event_id::UUID
    }} AS ordering,
    piece.price,
    piece.size,
    piece.exchange
FROM piece
JOIN kind
    ON kind.feed = piece.feed
   AND kind.session_part = piece.session_part
   AND kind.conditions = piece.conditions
   AND kind.tape = coalesce(piece.tape, '')
WHERE piece.action <> 'cancel'
  AND kind.auction IS NOT NULL
  AND piece.price IS NOT NULL
  {left_out}
