-- Put the computed bars of one day of some symbols in place of the stored ones: only what differs is written, what
-- vanished is removed. The braces hold bar/query.sql, which has the same parameters.

WITH computed AS MATERIALIZED (
{query}
),
removed AS (
    DELETE FROM rollup.bar
    WHERE bar.trading_date = %(trading_date)s
      AND bar.symbol = ANY (%(symbols)s)
      AND NOT EXISTS (
          SELECT
          FROM computed
          WHERE computed.symbol = bar.symbol
            AND computed.feed = bar.feed
            AND computed.interval_min = bar.interval_min
            AND computed.bar_start = bar.bar_start
            AND computed.session_part = bar.session_part
      )
)
INSERT INTO rollup.bar (
    symbol, feed, interval_min, bar_start, session_part, trading_date, open, high, low, close, volume, notional,
    trade_count, minutes_with_trades, is_restated, is_preferred, volume_scope
)
SELECT
    symbol, feed, interval_min, bar_start, session_part, trading_date, open, high, low, close, volume, notional,
    trade_count, minutes_with_trades, is_restated, is_preferred, volume_scope
FROM computed
ON CONFLICT (symbol, feed, interval_min, bar_start, session_part) DO UPDATE SET
    trading_date = excluded.trading_date,
    open = excluded.open,
    high = excluded.high,
    low = excluded.low,
    close = excluded.close,
    volume = excluded.volume,
    notional = excluded.notional,
    trade_count = excluded.trade_count,
    minutes_with_trades = excluded.minutes_with_trades,
    is_restated = excluded.is_restated,
    is_preferred = excluded.is_preferred,
    volume_scope = excluded.volume_scope,
    computed_at = now()
WHERE (
    bar.trading_date, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.notional, bar.trade_count,
    bar.minutes_with_trades, bar.is_restated, bar.is_preferred, bar.volume_scope
) IS DISTINCT FROM (
    excluded.trading_date, excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume,
    excluded.notional, excluded.trade_count, excluded.minutes_with_trades, excluded.is_restated,
    excluded.is_preferred, excluded.volume_scope
)
