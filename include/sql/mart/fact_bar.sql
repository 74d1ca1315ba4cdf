-- Intraday bars of 5, 15 and 60 minutes, each of the preferred feed that has it. Grain and key: symbol, interval_min,
-- bar_start, session_part. Read by Power BI, the HTML report and SQL clients.

CREATE VIEW mart.fact_bar AS
SELECT
    bar.symbol,
    bar.trading_date,
    bar.interval_min::integer AS interval_min,
    bar.bar_start AT TIME ZONE 'UTC' AS bar_start,
    bar.bar_start AT TIME ZONE calendar.time_zone AS bar_start_local,
    (date_part('epoch', bar.bar_start - session.open_at) / 60)::integer AS minute_of_session,
    bar.session_part,
    bar.feed,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    bar.notional::numeric(28, 6) AS notional,
    bar.vwap,
    bar.trade_count,
    bar.minutes_with_trades,
    (CASE
        -- Nothing to look for, which spares most bars of a long range the search.
        WHEN bar.session_part = 'regular' AND daily.minutes_covered = daily.minutes_expected THEN 100
        WHEN daily.minutes_expected IS NOT NULL THEN round(100 - 100 * coalesce((
            SELECT
                sum(extract(epoch FROM least(gap.range_end, hours.bar_end) - greatest(gap.range_start, bar.bar_start)))
            FROM rollup.coverage AS gap
            WHERE gap.symbol = bar.symbol
              AND gap.feed = bar.feed
              AND gap.trading_date = bar.trading_date
              AND gap.status = 'missing'
              AND gap.reason NOT IN ('closed', 'halted', 'no_trade', 'not_subscribed', 'presumed_halt')
              AND gap.range_start < hours.bar_end
              AND gap.range_end > bar.bar_start
        ) / extract(epoch FROM hours.bar_end - bar.bar_start), 0), 2)
    END)::numeric(5, 2) AS coverage_pct,
    bar.is_restated,
    bar.volume_scope,
    series.split_factor::numeric(28, 12) AS split_factor,
    round(bar.open * series.split_factor, 6)::numeric(18, 6) AS adj_open,
    round(bar.high * series.split_factor, 6)::numeric(18, 6) AS adj_high,
    round(bar.low * series.split_factor, 6)::numeric(18, 6) AS adj_low,
    round(bar.close * series.split_factor, 6)::numeric(18, 6) AS adj_close,
    round(bar.volume / series.split_factor, 6)::numeric(24, 6) AS adj_volume
FROM rollup.bar
LEFT JOIN rollup.daily
    ON daily.symbol = bar.symbol
   AND daily.trading_date = bar.trading_date
   AND daily.feed = bar.feed
LEFT JOIN rollup.daily_series AS series
    ON series.symbol = bar.symbol
   AND series.trading_date = bar.trading_date
LEFT JOIN market.session
    ON session.calendar = daily.calendar
   AND session.trading_date = bar.trading_date
LEFT JOIN market.calendar ON calendar.calendar = daily.calendar
CROSS JOIN LATERAL (
    -- The last bar of a part is cut where the part ends.
    SELECT least(
        bar.bar_start + make_interval(mins => bar.interval_min),
        CASE bar.session_part
            WHEN 'pre' THEN session.open_at
            WHEN 'regular' THEN session.close_at
            ELSE session.post_close_at
        END
    ) AS bar_end
) AS hours
WHERE bar.is_preferred;

COMMENT ON VIEW mart.fact_bar IS
    'One row per symbol and intraday bar of 5, 15 or 60 minutes, of the preferred feed that has it. Filter on '
    'interval_min: bars of different lengths hold the same trades.';
COMMENT ON COLUMN mart.fact_bar.symbol IS 'Symbol; see dim_symbol.';
COMMENT ON COLUMN mart.fact_bar.trading_date IS 'The session''s date at the exchange; see dim_date.';
COMMENT ON COLUMN mart.fact_bar.interval_min IS
    'Length of the bar in minutes: 5, 15 or 60; the last bar of a part is cut where the part ends.';
COMMENT ON COLUMN mart.fact_bar.bar_start IS 'Beginning of the bar, UTC.';
COMMENT ON COLUMN mart.fact_bar.bar_start_local IS
    'Beginning of the bar on the exchange''s clock; null where its calendar is not known.';
COMMENT ON COLUMN mart.fact_bar.minute_of_session IS
    'Minutes from the regular open to the beginning of the bar; negative in the pre-market.';
COMMENT ON COLUMN mart.fact_bar.session_part IS 'pre, regular or post.';
COMMENT ON COLUMN mart.fact_bar.feed IS 'Feed that every number of the row comes from.';
COMMENT ON COLUMN mart.fact_bar.open IS 'First eligible price.';
COMMENT ON COLUMN mart.fact_bar.high IS 'Highest eligible price.';
COMMENT ON COLUMN mart.fact_bar.low IS 'Lowest eligible price.';
COMMENT ON COLUMN mart.fact_bar.close IS 'Last eligible price.';
COMMENT ON COLUMN mart.fact_bar.volume IS 'Shares; add only rows of one volume_scope.';
COMMENT ON COLUMN mart.fact_bar.notional IS 'Sum of price times size, in the symbol''s currency.';
COMMENT ON COLUMN mart.fact_bar.vwap IS
    'notional divided by volume. Over several rows: sum(notional) / sum(volume), never a mean of this column.';
COMMENT ON COLUMN mart.fact_bar.trade_count IS 'Trades that add volume.';
COMMENT ON COLUMN mart.fact_bar.minutes_with_trades IS 'Minutes of the bar with at least one trade.';
COMMENT ON COLUMN mart.fact_bar.coverage_pct IS
    'Minutes of the bar that traded or whose absence the market itself explains, in percent; null before the day is '
    'computed.';
COMMENT ON COLUMN mart.fact_bar.is_restated IS 'Whether one of its minutes changed after it was closed.';
COMMENT ON COLUMN mart.fact_bar.volume_scope IS
    'What the volume counts: consolidated, venue_iex, provider_partial or unknown.';
COMMENT ON COLUMN mart.fact_bar.split_factor IS
    'What a price of the day is multiplied with to compare it with the newest recorded day''s; null until the day''s '
    'series is computed, and the adj_ columns with it.';
COMMENT ON COLUMN mart.fact_bar.adj_open IS 'open, split-adjusted.';
COMMENT ON COLUMN mart.fact_bar.adj_high IS 'high, split-adjusted.';
COMMENT ON COLUMN mart.fact_bar.adj_low IS 'low, split-adjusted.';
COMMENT ON COLUMN mart.fact_bar.adj_close IS 'close, split-adjusted.';
COMMENT ON COLUMN mart.fact_bar.adj_volume IS 'Shares in today''s shares; add only rows of one volume_scope.';
