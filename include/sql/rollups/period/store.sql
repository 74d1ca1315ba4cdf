-- Put the computed weeks and months of some symbols in place of the stored ones, each from the one that holds its date
-- on. The braces hold period/query.sql, which has the same parameters.

WITH computed AS MATERIALIZED (
{query}
),
removed AS (
    DELETE FROM rollup.period AS stored
    USING unnest(%(symbols)s::text[], %(from_dates)s::date[]) AS wanted (symbol, from_date)
    WHERE stored.symbol = wanted.symbol
      AND stored.period_start >= date_trunc(stored.period, wanted.from_date::timestamp)
      AND NOT EXISTS (
          SELECT
          FROM computed
          WHERE computed.symbol = stored.symbol
            AND computed.period = stored.period
            AND computed.period_start = stored.period_start
      )
)
INSERT INTO rollup.period AS stored (
    symbol, period, period_start, period_end, feed, open, high, low, close, volume, notional, trade_count, sessions,
    return_pct, coverage_pct, state, volume_scope
)
SELECT
    symbol, period, period_start, period_end, feed, open, high, low, close, volume, notional, trade_count, sessions,
    return_pct, coverage_pct, state, volume_scope
FROM computed
ON CONFLICT (symbol, period, period_start) DO UPDATE SET
    feed = excluded.feed,
    open = excluded.open,
    high = excluded.high,
    low = excluded.low,
    close = excluded.close,
    volume = excluded.volume,
    notional = excluded.notional,
    trade_count = excluded.trade_count,
    sessions = excluded.sessions,
    return_pct = excluded.return_pct,
    coverage_pct = excluded.coverage_pct,
    state = excluded.state,
    volume_scope = excluded.volume_scope,
    computed_at = now()
WHERE (
    stored.feed, stored.open, stored.high, stored.low, stored.close, stored.volume, stored.notional,
    stored.trade_count, stored.sessions, stored.return_pct, stored.coverage_pct, stored.state, stored.volume_scope
) IS DISTINCT FROM (
    excluded.feed, excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume, excluded.notional,
    excluded.trade_count, excluded.sessions, excluded.return_pct, excluded.coverage_pct, excluded.state,
    excluded.volume_scope
)
