-- severity: warning
-- Five regular minutes or more in which polls succeeded and not one of a feed's symbols (two or more) traded: a provider
-- that stands still answers like that, and so does a halt of the whole market.

SELECT silent.feed, lower(run.span) AS range_start, upper(run.span) AS range_end
FROM (
    SELECT
        coverage.feed,
        coalesce(range_agg(tstzrange(range_start, range_end)) FILTER (WHERE reason IN ('no_trade', 'presumed_halt')), '{}')
            - coalesce(range_agg(tstzrange(range_start, range_end)) FILTER (
                WHERE status <> 'missing' OR reason NOT IN ('no_trade', 'presumed_halt')
            ), '{}') AS minutes
    FROM rollup.coverage
    WHERE coverage.trading_date = %(trading_date)s
      AND coverage.session_part = 'regular'
    GROUP BY coverage.feed
    HAVING count(DISTINCT coverage.symbol) > 1
) AS silent
CROSS JOIN LATERAL unnest(silent.minutes) AS run (span)
WHERE upper(run.span) - lower(run.span) >= INTERVAL '5 minutes'
ORDER BY silent.feed, range_start
