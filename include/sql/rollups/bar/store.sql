-- Put the computed bars of one day of some symbols in place of the stored ones: only what differs is written, what
-- vanished is removed. The braces hold bar/query.sql, which has the same parameters.

WITH computed AS MATERIALIZED (
{query}
),
removed AS (
    DELETE FROM rollup.bar AS stored
    WHERE stored.trading_date = %(trading_date)s
      AND stored.symbol = ANY (%(symbols)s)
      AND NOT EXISTS (
          SELECT
          FROM computed
          WHERE computed.symbol = stored.symbol
            AND computed.feed = stored.feed
            AND computed.interval_min = stored.interval_min
            AND computed.bar_start = stored.bar_start
            AND computed.session_part = stored.session_part
      )
)
MERGE INTO rollup.bar
USING computed
    ON computed.symbol = bar.symbol
   AND computed.feed = bar.feed
   AND computed.interval_min = bar.interval_min
   AND computed.bar_start = bar.bar_start
   AND computed.session_part = bar.session_part
   AND bar.trading_date = %(trading_date)s
WHEN MATCHED AND (
    bar.open, bar.high, bar.low, bar.close, bar.volume, bar.notional, bar.trade_count, bar.minutes_with_trades,
    bar.is_restated, bar.is_preferred, bar.volume_scope
) IS DISTINCT FROM (
    computed.open, computed.high, computed.low, computed.close, computed.volume, computed.notional,
    computed.trade_count, computed.minutes_with_trades, computed.is_restated, computed.is_preferred,
    computed.volume_scope
) THEN UPDATE SET
    open = computed.open,
    high = computed.high,
    low = computed.low,
    close = computed.close,
    volume = computed.volume,
    notional = computed.notional,
    trade_count = computed.trade_count,
    minutes_with_trades = computed.minutes_with_trades,
    is_restated = computed.is_restated,
    is_preferred = computed.is_preferred,
    volume_scope = computed.volume_scope,
    computed_at = now()
WHEN NOT MATCHED THEN INSERT (
    symbol, feed, interval_min, bar_start, session_part, trading_date, open, high, low, close, volume, notional,
    trade_count, minutes_with_trades, is_restated, is_preferred, volume_scope
) VALUES (
    computed.symbol, computed.feed, computed.interval_min, computed.bar_start, computed.session_part,
    computed.trading_date, computed.open, computed.high, computed.low, computed.close, computed.volume,
    computed.notional, computed.trade_count, computed.minutes_with_trades, computed.is_restated,
    computed.is_preferred, computed.volume_scope
)
