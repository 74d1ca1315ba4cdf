-- Stored minutes of one day against the same minutes computed again, by symbol and feed; right is 1 where every minute has
-- the same status and reason. Left out: what waits for its computation, was polled or watched since, or is not over, and
-- what landings and dead letters decide, which other equations are about. Whether a silence is presumed to be a halt
-- follows from other days and is not compared. The braces hold rollups/coverage/query.sql.

WITH computed AS (
{query}
),
told AS (
    SELECT symbol, feed, session_part, status, reason, range_start, range_end, false AS is_stored
    FROM computed
    UNION ALL
    SELECT symbol, feed, session_part, status, reason, range_start, range_end, true
    FROM rollup.coverage
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
),
kinds AS (
    SELECT
        symbol,
        feed,
        kind.reason,
        coalesce(range_agg(tstzrange(range_start, range_end)) FILTER (WHERE is_stored), '{{}}') AS stored,
        coalesce(range_agg(tstzrange(range_start, range_end)) FILTER (WHERE NOT is_stored), '{{}}') AS computed
    FROM told
    CROSS JOIN LATERAL (
        SELECT CASE told.reason WHEN 'presumed_halt' THEN 'no_trade' ELSE coalesce(told.reason, '') END AS reason
    ) AS kind
    GROUP BY symbol, feed, session_part, status, kind.reason
),
judged AS (
    SELECT symbol, feed, bool_and(stored = computed) AS is_equal
    FROM kinds
    GROUP BY symbol, feed
    HAVING NOT bool_or(reason IN ('dead_lettered', 'lost', 'not_landed'))
)
SELECT
    format('%%s %%s %%s minutes', judged.symbol, %(trading_date)s::date, judged.feed) AS place,
    1 AS left_count,
    judged.is_equal::integer AS right_count
FROM judged
JOIN rollup.daily
    ON daily.symbol = judged.symbol
   AND daily.feed = judged.feed
   AND daily.trading_date = %(trading_date)s
LEFT JOIN market.subscription
    ON subscription.symbol = daily.symbol
   AND subscription.feed = daily.feed
   AND subscription.trading_date = daily.trading_date
LEFT JOIN market.session
    ON session.calendar = subscription.calendar
   AND session.trading_date = subscription.trading_date
WHERE subscription.calendar IS NOT DISTINCT FROM daily.calendar
  AND coalesce(session.post_close_at, '-infinity') <= daily.computed_at
  AND daily.poll_id IS NOT DISTINCT FROM (
      SELECT max(poll.poll_id)
      FROM ops.poll
      WHERE poll.trading_date = daily.trading_date
        AND poll.feed = daily.feed
        AND poll.endpoint = 'trades'
        AND poll.outcome IN ('ok', 'empty')
  )
  -- A row is written some seconds after what it tells.
  AND NOT EXISTS (
      SELECT
      FROM ops.poll
      WHERE poll.trading_date = daily.trading_date
        AND poll.endpoint = 'trades'
        AND poll.outcome NOT IN ('ok', 'empty')
        AND poll.received_at > daily.computed_at - INTERVAL '1 minute'
  )
  AND NOT EXISTS (
      SELECT
      FROM ops.producer_run AS run
      WHERE run.trading_date = daily.trading_date
        AND run.started_at > daily.computed_at - INTERVAL '1 minute'
  )
  AND NOT EXISTS (
      SELECT
      FROM ops.dirty_day AS dirty
      WHERE dirty.trading_date = daily.trading_date
        AND dirty.symbol = daily.symbol
  )
