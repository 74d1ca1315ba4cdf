-- What all symbols together traded on one date, one row a stretch of time, session part, feed and scope: volumes of
-- different feeds or scopes stay apart. Read by the session report.
SELECT
    bar.feed,
    coalesce(bar.volume_scope, 'unknown') AS volume_scope,
    coalesce(bar.bar_start_local, bar.bar_start) AS bar_start_local,
    bar.session_part,
    sum(bar.volume) AS volume,
    sum(bar.trade_count)::bigint AS trade_count,
    count(DISTINCT bar.symbol) AS symbols
FROM mart.fact_bar AS bar
WHERE bar.trading_date = %(trading_date)s
  AND bar.interval_min = %(interval_min)s
GROUP BY
    bar.feed,
    coalesce(bar.volume_scope, 'unknown'),
    coalesce(bar.bar_start_local, bar.bar_start),
    bar.session_part
ORDER BY
    bar.feed,
    volume_scope,
    bar_start_local,
    bar.session_part
