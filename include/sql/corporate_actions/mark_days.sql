-- The first recorded day that an action is in: its previous close and total return change.

INSERT INTO ops.dirty_day (symbol, trading_date, revision)
SELECT daily.symbol, min(daily.trading_date), 0
FROM rollup.daily
WHERE daily.symbol = %(symbol)s
  AND daily.trading_date >= %(ex_date)s
GROUP BY daily.symbol
ON CONFLICT (symbol, trading_date) DO UPDATE SET dirtied_at = now()
