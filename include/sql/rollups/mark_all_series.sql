-- Every symbol's series and periods choose their feed again.

INSERT INTO ops.dirty_series (symbol, from_date)
SELECT DISTINCT symbol, DATE '1900-01-01'
FROM rollup.daily
ON CONFLICT (symbol) DO UPDATE SET
    from_date = excluded.from_date,
    dirtied_at = now()
