-- A change of one symbol's series changes those of the company's other symbols as well.

INSERT INTO ops.dirty_series AS dirty (symbol, from_date)
SELECT relative.symbol, min(changed.from_date)
FROM ops.dirty_series AS changed
JOIN market.listing AS own ON own.symbol = changed.symbol
JOIN market.listing AS relative
    ON relative.company = own.company
   AND relative.symbol <> changed.symbol
GROUP BY relative.symbol
ON CONFLICT (symbol) DO UPDATE SET
    from_date = least(dirty.from_date, excluded.from_date),
    dirtied_at = now()
