-- The stored bars of 5, 15 and 60 minutes of one day, of symbols that wait for no computation.

COPY (
    SELECT
        symbol,
        feed,
        session_part,
        interval_min,
        extract(epoch FROM bar_start)::bigint / 60 AS start_min,
        open,
        high,
        low,
        close,
        volume,
        notional,
        vwap,
        trade_count,
        volume_scope
    FROM rollup.bar
    WHERE trading_date = %(trading_date)s
      AND NOT EXISTS (
          SELECT
          FROM ops.dirty_day AS dirty
          WHERE dirty.trading_date = bar.trading_date
            AND dirty.symbol = bar.symbol
      )
) TO STDOUT (FORMAT csv)
