-- Market overview: the volume curve of one day over all symbols, from bars of five minutes.
SELECT minute_of_session, volume_scope, sum(volume), sum(notional)
FROM mart.fact_bar
WHERE trading_date = %(recent_day)s
  AND interval_min = 5
GROUP BY minute_of_session, volume_scope
ORDER BY minute_of_session;
