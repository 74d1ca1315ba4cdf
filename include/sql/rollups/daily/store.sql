-- Put one computed day of some symbols in place of the stored one: changed rows are written, vanished ones removed.
-- The braces hold daily/query.sql, which has the same parameters. Returns the rows now in place.

WITH computed AS (
{query}
),
removed AS (
    DELETE FROM rollup.daily
    WHERE daily.trading_date = %(trading_date)s
      AND daily.symbol = ANY (%(symbols)s)
      AND NOT EXISTS (
          SELECT FROM computed WHERE computed.symbol = daily.symbol AND computed.feed = daily.feed
      )
)
INSERT INTO rollup.daily (
    symbol, trading_date, feed, calendar, open, open_basis, high, low, close, close_basis, volume, notional,
    trade_count, volume_pre, volume_post, trade_count_pre, trade_count_post, volume_scope, previous_close,
    realised_volatility, minutes_expected, minutes_with_trades, minutes_covered, poll_id
)
SELECT
    symbol, trading_date, feed, calendar, open, open_basis, high, low, close, close_basis, volume, notional,
    trade_count, volume_pre, volume_post, trade_count_pre, trade_count_post, volume_scope, previous_close,
    realised_volatility, minutes_expected, minutes_with_trades, minutes_covered, poll_id
FROM computed
ON CONFLICT (symbol, trading_date, feed) DO UPDATE SET
    calendar = excluded.calendar,
    open = excluded.open,
    open_basis = excluded.open_basis,
    high = excluded.high,
    low = excluded.low,
    close = excluded.close,
    close_basis = excluded.close_basis,
    volume = excluded.volume,
    notional = excluded.notional,
    trade_count = excluded.trade_count,
    volume_pre = excluded.volume_pre,
    volume_post = excluded.volume_post,
    trade_count_pre = excluded.trade_count_pre,
    trade_count_post = excluded.trade_count_post,
    volume_scope = excluded.volume_scope,
    previous_close = excluded.previous_close,
    realised_volatility = excluded.realised_volatility,
    minutes_expected = excluded.minutes_expected,
    minutes_with_trades = excluded.minutes_with_trades,
    minutes_covered = excluded.minutes_covered,
    poll_id = excluded.poll_id,
    computed_at = now()
RETURNING symbol, feed
