-- A split changes the symbol's whole series, a dividend the days from its own on.

INSERT INTO ops.dirty_series AS dirty (symbol, from_date)
SELECT
    %(symbol)s,
    CASE WHEN %(action_type)s = 'split' THEN DATE '1900-01-01' ELSE %(ex_date)s::date END
ON CONFLICT (symbol) DO UPDATE SET
    from_date = least(dirty.from_date, excluded.from_date),
    dirtied_at = now()
