-- Weeks and months show whether all their days are final.

INSERT INTO ops.dirty_series AS dirty (symbol, from_date)
SELECT symbol, min(from_date)
FROM unnest(%(symbols)s::text[], %(from_dates)s::date[]) AS finalised (symbol, from_date)
GROUP BY symbol
ON CONFLICT (symbol) DO UPDATE SET
    from_date = least(dirty.from_date, excluded.from_date),
    dirtied_at = now()
