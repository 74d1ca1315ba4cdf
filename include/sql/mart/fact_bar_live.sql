-- The one-minute bars of each calendar's current session: the newest one that events have reached. Grain and key:
-- symbol, bar_start, session_part. Read by Power BI's live page.

CREATE VIEW mart.fact_bar_live AS
SELECT
    bar.symbol,
    bar.trading_date,
    bar.interval_min,
    bar.bar_start,
    bar.bar_start_local,
    bar.minute_of_session,
    bar.session_part,
    bar.feed,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    bar.notional,
    bar.vwap,
    bar.trade_count,
    bar.minutes_with_trades,
    bar.coverage_pct,
    bar.is_restated,
    bar.volume_scope
FROM mart.fact_bar_1m AS bar
JOIN market.subscription
    ON subscription.trading_date = bar.trading_date
   AND subscription.symbol = bar.symbol
   AND subscription.feed = bar.feed
WHERE (bar.trading_date, subscription.calendar) IN (
    SELECT max(session.trading_date), session.calendar
    FROM market.session
    WHERE session.pre_open_at <= (SELECT max(latest_event_at) FROM market.feed_progress)
    GROUP BY session.calendar
);

COMMENT ON VIEW mart.fact_bar_live IS
    'The rows of fact_bar_1m of the current session: of each calendar the newest one that events have reached.';
COMMENT ON COLUMN mart.fact_bar_live.symbol IS 'Symbol; see dim_symbol.';
COMMENT ON COLUMN mart.fact_bar_live.trading_date IS 'The session''s date at the exchange; see dim_date.';
COMMENT ON COLUMN mart.fact_bar_live.interval_min IS 'Length of the bar in minutes: 1.';
COMMENT ON COLUMN mart.fact_bar_live.bar_start IS 'Beginning of the bar, UTC.';
COMMENT ON COLUMN mart.fact_bar_live.bar_start_local IS
    'Beginning of the bar on the exchange''s clock; null where its calendar is not known.';
COMMENT ON COLUMN mart.fact_bar_live.minute_of_session IS
    'Minutes from the regular open to the beginning of the bar; negative in the pre-market.';
COMMENT ON COLUMN mart.fact_bar_live.session_part IS 'pre, regular or post.';
COMMENT ON COLUMN mart.fact_bar_live.feed IS 'Feed that every number of the row comes from.';
COMMENT ON COLUMN mart.fact_bar_live.open IS 'First eligible price.';
COMMENT ON COLUMN mart.fact_bar_live.high IS 'Highest eligible price.';
COMMENT ON COLUMN mart.fact_bar_live.low IS 'Lowest eligible price.';
COMMENT ON COLUMN mart.fact_bar_live.close IS 'Last eligible price.';
COMMENT ON COLUMN mart.fact_bar_live.volume IS 'Shares; add only rows of one volume_scope.';
COMMENT ON COLUMN mart.fact_bar_live.notional IS 'Sum of price times size, in the symbol''s currency.';
COMMENT ON COLUMN mart.fact_bar_live.vwap IS
    'notional divided by volume. Over several rows: sum(notional) / sum(volume), never a mean of this column.';
COMMENT ON COLUMN mart.fact_bar_live.trade_count IS 'Trades that add volume.';
COMMENT ON COLUMN mart.fact_bar_live.minutes_with_trades IS '1 where a trade adds volume, else 0.';
COMMENT ON COLUMN mart.fact_bar_live.coverage_pct IS 'Always 100: a minute that has a bar was received.';
COMMENT ON COLUMN mart.fact_bar_live.is_restated IS 'Whether the bar changed after it was closed.';
COMMENT ON COLUMN mart.fact_bar_live.volume_scope IS
    'What the volume counts: consolidated, venue_iex, provider_partial or unknown.';
