-- One halt of a file: it replaces what is known of the symbol's halt that began then. Returns a row when it says
-- something new.

INSERT INTO market.halt AS stored (symbol, halted_at, resumed_at, source, reason, cites)
VALUES (%(symbol)s, %(halted_at)s, %(resumed_at)s, 'file', %(reason)s, %(cites)s)
ON CONFLICT (symbol, halted_at) DO UPDATE SET
    resumed_at = excluded.resumed_at,
    source = excluded.source,
    reason = excluded.reason,
    cites = excluded.cites,
    recorded_at = now()
WHERE (stored.resumed_at, stored.source, stored.reason) IS DISTINCT FROM (excluded.resumed_at, excluded.source, excluded.reason)
RETURNING symbol
