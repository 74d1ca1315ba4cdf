-- One halt of a file: it replaces what is known of the symbol's halt that began then. Returns a row when it says
-- something new: until when minutes may have another reason now, by what was known or by what is (null: without an end).

WITH known AS (
    SELECT coalesce(resumed_at, 'infinity') AS resumed_at
    FROM market.halt
    WHERE symbol = %(symbol)s
      AND halted_at = %(halted_at)s
)
INSERT INTO market.halt AS stored (symbol, halted_at, resumed_at, source, reason, cites)
VALUES (%(symbol)s, %(halted_at)s, %(resumed_at)s, 'file', %(reason)s, %(cites)s)
ON CONFLICT (symbol, halted_at) DO UPDATE SET
    resumed_at = excluded.resumed_at,
    source = excluded.source,
    reason = excluded.reason,
    cites = excluded.cites,
    recorded_at = now()
WHERE (stored.resumed_at, stored.source, stored.reason) IS DISTINCT FROM (excluded.resumed_at, excluded.source, excluded.reason)
RETURNING nullif(greatest(coalesce(resumed_at, 'infinity'), (SELECT resumed_at FROM known)), 'infinity')
