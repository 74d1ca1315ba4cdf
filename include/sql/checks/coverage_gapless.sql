-- severity: error
-- Symbols whose runs of minutes overlap, or do not add up to the minutes of the session that were over when they were
-- computed.

SELECT
    coverage.symbol,
    coverage.feed,
    sum(coverage.minutes) AS minutes,
    extract(epoch FROM upper(promised.hours) - lower(promised.hours)) / 60 AS promised
FROM rollup.coverage
JOIN market.subscription USING (symbol, feed, trading_date)
JOIN market.session USING (calendar, trading_date)
CROSS JOIN LATERAL (SELECT tstzrange(session.pre_open_at, session.post_close_at) AS hours) AS promised
WHERE coverage.trading_date = %(trading_date)s
  AND coverage.session_part <> 'closed'
GROUP BY coverage.symbol, coverage.feed, promised.hours
HAVING range_agg(tstzrange(coverage.range_start, coverage.range_end))
           <> tstzmultirange(tstzrange(lower(promised.hours), max(coverage.range_end)))
    OR sum(coverage.minutes) <> extract(epoch FROM max(coverage.range_end) - lower(promised.hours)) / 60
    OR (max(coverage.range_end) <> upper(promised.hours) AND max(coverage.computed_at) >= upper(promised.hours))
ORDER BY coverage.symbol, coverage.feed
