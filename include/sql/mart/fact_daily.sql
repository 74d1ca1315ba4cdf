-- Trading days: the computed day of the feed that was chosen for it. Grain and key: symbol, trading_date.
-- Read by Power BI, the HTML report, the demo's table and SQL clients.

CREATE VIEW mart.fact_daily AS
SELECT
    daily.symbol,
    daily.trading_date,
    daily.feed,
    daily.state,
    daily.version,
    daily.open,
    daily.high,
    daily.low,
    daily.close,
    daily.volume,
    daily.notional::numeric(28, 6) AS notional,
    daily.vwap,
    daily.trade_count,
    daily.volume_pre,
    daily.volume_post,
    daily.trade_count_pre,
    daily.trade_count_post,
    daily.volume_scope,
    daily.delay_s AS delay_seconds,
    daily.open_basis,
    daily.close_basis,
    series.previous_close,
    series.previous_close_date,
    series.previous_close_feed,
    series.return_1d,
    series.total_return_1d,
    series.gap_pct,
    series.true_range,
    series.atr_14,
    daily.realised_volatility,
    daily.realised_volatility_annual,
    series.adj_open,
    series.adj_high,
    series.adj_low,
    series.adj_close,
    series.adj_volume,
    series.split_factor::numeric(28, 12) AS split_factor,
    series.sma_20,
    series.sma_50,
    series.sma_200,
    series.drawdown_pct,
    series.high_52w,
    series.low_52w,
    daily.minutes_expected,
    daily.minutes_with_trades,
    daily.minutes_covered,
    CASE
        WHEN daily.minutes_covered = daily.minutes_expected THEN 0
        WHEN daily.minutes_expected IS NOT NULL THEN coalesce((
            SELECT sum(coverage.minutes)
            FROM rollup.coverage
            WHERE coverage.symbol = daily.symbol
              AND coverage.trading_date = daily.trading_date
              AND coverage.feed = daily.feed
              AND coverage.session_part = 'regular'
              AND coverage.reason = 'unexplained'
        ), 0)::integer
    END AS minutes_unexplained,
    daily.coverage_pct,
    (
        SELECT count(*)
        FROM ops.restatement
        WHERE restatement.symbol = daily.symbol
          AND restatement.trading_date = daily.trading_date
          AND restatement.feed = daily.feed
    )::integer AS restatements,
    daily.is_synthetic,
    -- A split changes the series and leaves the day alone.
    greatest(daily.computed_at, series.computed_at) AT TIME ZONE 'UTC' AS computed_at
FROM rollup.daily
LEFT JOIN market.feed_preference AS preference ON preference.feed = daily.feed
LEFT JOIN rollup.daily_series AS series
    ON series.symbol = daily.symbol
   AND series.trading_date = daily.trading_date
WHERE series.feed = daily.feed
   -- The series follows the day in a later transaction; until then the choice is made here, by the same rule.
   OR (
       series.feed IS NULL
       AND NOT EXISTS (
           SELECT
           FROM rollup.daily AS rival
           LEFT JOIN market.feed_preference AS better ON better.feed = rival.feed
           WHERE rival.symbol = daily.symbol
             AND rival.trading_date = daily.trading_date
             AND rival.feed <> daily.feed
             AND (
                 NOT rival.is_live,
                 -coalesce(rival.coverage_pct, -1),
                 coalesce(better.rank, 32767),
                 rival.feed
             ) < (
                 NOT daily.is_live,
                 -coalesce(daily.coverage_pct, -1),
                 coalesce(preference.rank, 32767),
                 daily.feed
             )
       )
   );

COMMENT ON VIEW mart.fact_daily IS
    'One row per symbol and trading day, of the feed that covered the day best. Prices, volume, notional, VWAP and '
    'trade count are the regular part''s, auctions included, as traded; the adj_ columns and everything that spans '
    'days are split-adjusted.';
COMMENT ON COLUMN mart.fact_daily.symbol IS 'Symbol as it was traded that day; see dim_symbol.';
COMMENT ON COLUMN mart.fact_daily.trading_date IS 'The session''s date at the exchange; see dim_date.';
COMMENT ON COLUMN mart.fact_daily.feed IS
    'Feed that every number of the row comes from: the best covered one, ties by the configured order; a simulated or '
    'replayed one only where no other told the day.';
COMMENT ON COLUMN mart.fact_daily.state IS
    'provisional; final once nothing is left to come or to explain; restated after any change since.';
COMMENT ON COLUMN mart.fact_daily.version IS
    'Number of the day''s version; rises with each restatement of a final day.';
COMMENT ON COLUMN mart.fact_daily.open IS
    'Opening price: the primary auction''s, else the official report''s, else the first eligible trade''s; see '
    'open_basis.';
COMMENT ON COLUMN mart.fact_daily.high IS 'Highest eligible price of the regular part.';
COMMENT ON COLUMN mart.fact_daily.low IS 'Lowest eligible price of the regular part.';
COMMENT ON COLUMN mart.fact_daily.close IS
    'Closing price: the last official correction''s, else the primary auction''s, else the official report''s, else the '
    'last eligible trade''s; see close_basis.';
COMMENT ON COLUMN mart.fact_daily.volume IS
    'Shares of the regular part, auctions included; add only rows of one volume_scope.';
COMMENT ON COLUMN mart.fact_daily.notional IS 'Sum of price times size of the regular part, in the symbol''s currency.';
COMMENT ON COLUMN mart.fact_daily.vwap IS
    'notional divided by volume. Over several rows: sum(notional) / sum(volume), never a mean of this column.';
COMMENT ON COLUMN mart.fact_daily.trade_count IS 'Trades that add volume in the regular part.';
COMMENT ON COLUMN mart.fact_daily.volume_pre IS 'Shares of the pre-market.';
COMMENT ON COLUMN mart.fact_daily.volume_post IS 'Shares of the post-market.';
COMMENT ON COLUMN mart.fact_daily.trade_count_pre IS 'Trades of the pre-market.';
COMMENT ON COLUMN mart.fact_daily.trade_count_post IS 'Trades of the post-market.';
COMMENT ON COLUMN mart.fact_daily.volume_scope IS
    'What the volume counts: consolidated (all venues), venue_iex (one venue), provider_partial, unknown.';
COMMENT ON COLUMN mart.fact_daily.delay_seconds IS
    'How far the feed runs behind the market by contract; null where nobody says.';
COMMENT ON COLUMN mart.fact_daily.open_basis IS 'Where open comes from: auction, report or trade.';
COMMENT ON COLUMN mart.fact_daily.close_basis IS 'Where close comes from: correction, auction, report or trade.';
COMMENT ON COLUMN mart.fact_daily.previous_close IS
    'Close that return_1d, gap_pct and true_range are counted from, in this day''s shares when the symbol was split '
    'between; null where the session before was not recorded.';
COMMENT ON COLUMN mart.fact_daily.previous_close_date IS
    'Session of that close: the calendar''s session before, or an older one when nobody traded or trading was halted in '
    'all sessions between.';
COMMENT ON COLUMN mart.fact_daily.previous_close_feed IS
    'Feed of that close; another one than feed where another one covered that session best.';
COMMENT ON COLUMN mart.fact_daily.return_1d IS
    'close / previous_close - 1, as a fraction: 0.01 is one percent.';
COMMENT ON COLUMN mart.fact_daily.total_return_1d IS
    'return_1d with the day''s cash dividend added to its close, as a fraction.';
COMMENT ON COLUMN mart.fact_daily.gap_pct IS 'open on previous_close, in percent.';
COMMENT ON COLUMN mart.fact_daily.true_range IS
    'Largest of high - low, |high - previous close| and |low - previous close|, split-adjusted.';
COMMENT ON COLUMN mart.fact_daily.atr_14 IS
    'Average true range of fourteen sessions by Wilder''s smoothing, split-adjusted.';
COMMENT ON COLUMN mart.fact_daily.realised_volatility IS
    'Root of the sum of squared 5-minute log returns of the regular part, not annualised.';
COMMENT ON COLUMN mart.fact_daily.realised_volatility_annual IS
    'realised_volatility times the root of 252 sessions a year; of 365 on the calendar 24/7.';
COMMENT ON COLUMN mart.fact_daily.adj_open IS 'open times split_factor.';
COMMENT ON COLUMN mart.fact_daily.adj_high IS 'high times split_factor.';
COMMENT ON COLUMN mart.fact_daily.adj_low IS 'low times split_factor.';
COMMENT ON COLUMN mart.fact_daily.adj_close IS 'close times split_factor.';
COMMENT ON COLUMN mart.fact_daily.adj_volume IS 'volume divided by split_factor.';
COMMENT ON COLUMN mart.fact_daily.split_factor IS
    'What turns a price of this day into one of today: the product of all later splits up to the newest recorded day.';
COMMENT ON COLUMN mart.fact_daily.sma_20 IS
    'Simple moving average of twenty split-adjusted closes; null before there are as many.';
COMMENT ON COLUMN mart.fact_daily.sma_50 IS 'Simple moving average of fifty split-adjusted closes.';
COMMENT ON COLUMN mart.fact_daily.sma_200 IS 'Simple moving average of two hundred split-adjusted closes.';
COMMENT ON COLUMN mart.fact_daily.drawdown_pct IS
    'Split-adjusted close below its highest value so far, in percent, zero or negative.';
COMMENT ON COLUMN mart.fact_daily.high_52w IS 'Highest split-adjusted high of the 364 days that end with this one.';
COMMENT ON COLUMN mart.fact_daily.low_52w IS 'Lowest split-adjusted low of the 364 days that end with this one.';
COMMENT ON COLUMN mart.fact_daily.minutes_expected IS
    'Minutes of the regular part; null without a subscription, because then nothing was promised.';
COMMENT ON COLUMN mart.fact_daily.minutes_with_trades IS 'Minutes of the regular part with at least one trade.';
COMMENT ON COLUMN mart.fact_daily.minutes_covered IS
    'Expected minutes that traded, or whose silence is the market''s own: no trade, or halted.';
COMMENT ON COLUMN mart.fact_daily.minutes_unexplained IS
    'Expected minutes that are missing without any stored fact that says why.';
COMMENT ON COLUMN mart.fact_daily.coverage_pct IS 'minutes_covered of minutes_expected, in percent.';
COMMENT ON COLUMN mart.fact_daily.restatements IS
    'Closed one-minute bars of the day that changed afterwards, each change counted.';
COMMENT ON COLUMN mart.fact_daily.is_synthetic IS
    'Whether the day was played by a simulated market; null where it is not known. Beside days of a real market '
    'such a day, and a replayed one, has no adjusted price, return or other figure that spans days.';
COMMENT ON COLUMN mart.fact_daily.computed_at IS 'When a figure of the row was last computed anew, UTC, host clock.';
