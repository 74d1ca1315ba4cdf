-- From which day on the series of the computed symbols have to be computed again: from this one, or from the beginning
-- when a split is in the prices since, or when days entered or left the series because the symbol was first or no longer
-- watched in a real market. The row outlives a run that dies before it gets there.

INSERT INTO ops.dirty_series AS dirty (symbol, from_date)
SELECT
    touched.symbol,
    CASE
        WHEN EXISTS (
            SELECT
            FROM market.corporate_action AS action
            WHERE action.symbol = touched.symbol
              AND action.action_type = 'split'
              AND action.ex_date <= %(trading_date)s
              -- On a symbol's first day the splits before it are of what the company was called then.
              AND action.ex_date > coalesce((
                  SELECT max(daily.trading_date)
                  FROM rollup.daily
                  WHERE daily.symbol = touched.symbol
                    AND daily.trading_date < %(trading_date)s
              ), '-infinity')
        ) OR EXISTS (
            SELECT
            FROM rollup.daily AS played
            LEFT JOIN rollup.daily_series AS series USING (symbol, trading_date)
            WHERE played.symbol = touched.symbol
              AND NOT played.is_live
              AND played.trading_date < %(trading_date)s
              AND CASE
                  WHEN rollup.has_live_day(touched.symbol) THEN series.feed = played.feed
                  ELSE series.feed IS NULL
              END
        ) THEN DATE '1900-01-01'
        ELSE %(trading_date)s::date
    END AS from_date
FROM unnest(%(symbols)s::text[]) AS touched (symbol)
ORDER BY touched.symbol
ON CONFLICT (symbol) DO UPDATE SET
    from_date = least(dirty.from_date, excluded.from_date),
    dirtied_at = now()
