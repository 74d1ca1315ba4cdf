-- The stored rollup of one day, of symbols that wait for no computation.

COPY (
    SELECT
        symbol,
        feed,
        open,
        high,
        low,
        close,
        volume,
        notional,
        vwap,
        trade_count,
        volume_pre,
        volume_post,
        trade_count_pre,
        trade_count_post
    FROM rollup.daily
    WHERE trading_date = %(trading_date)s
      AND NOT EXISTS (
          SELECT
          FROM ops.dirty_day AS dirty
          WHERE dirty.trading_date = daily.trading_date
            AND dirty.symbol = daily.symbol
      )
) TO STDOUT (FORMAT csv)
