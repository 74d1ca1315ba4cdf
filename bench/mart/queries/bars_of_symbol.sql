-- Symbol page: one day of one symbol in bars of five minutes.
SELECT *
FROM mart.fact_bar
WHERE symbol = %(symbol)s
  AND trading_date = %(recent_day)s
  AND interval_min = 5
ORDER BY bar_start;
