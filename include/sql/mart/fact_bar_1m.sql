-- One-minute bars as the stream writes them, each of the preferred feed that has it. Grain and key: symbol, bar_start,
-- session_part. Read by SQL clients and by mart.fact_bar_live.

CREATE VIEW mart.fact_bar_1m AS
-- Every feed that ever told of the symbol, subscribed or not, in the order of preference.
WITH told AS (
    SELECT
        known.symbol,
        array_agg(known.feed ORDER BY coalesce(preference.rank, 32767), known.feed) AS feeds
    FROM (
        SELECT symbol, feed FROM market.latest
        UNION
        SELECT symbol, feed FROM market.feed_progress
    ) AS known
    LEFT JOIN market.feed_preference AS preference ON preference.feed = known.feed
    GROUP BY known.symbol
)
SELECT
    bar.symbol,
    bar.trading_date,
    1 AS interval_min,
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
    (bar.trade_count > 0)::integer AS minutes_with_trades,
    EXISTS (
        SELECT
        FROM ops.restatement
        WHERE restatement.symbol = bar.symbol
          AND restatement.trading_date = bar.trading_date
          AND restatement.feed = bar.feed
          AND restatement.bar_start = bar.bar_start
          AND restatement.session_part = bar.session_part
    ) AS is_restated,
    bar.volume_scope
FROM market.bar_1m AS bar
LEFT JOIN told ON told.symbol = bar.symbol
LEFT JOIN market.subscription AS watched
    ON watched.trading_date = bar.trading_date
   AND watched.symbol = bar.symbol
   AND watched.feed = bar.feed
LEFT JOIN market.session
    ON session.calendar = watched.calendar
   AND session.trading_date = bar.trading_date
LEFT JOIN market.calendar ON calendar.calendar = watched.calendar
WHERE told.feeds[1] = bar.feed
   OR NOT EXISTS (
       SELECT
       FROM market.bar_1m AS better
       WHERE better.symbol = bar.symbol
         AND better.feed = ANY (told.feeds[1 : array_position(told.feeds, bar.feed) - 1])
         AND better.bar_start = bar.bar_start
         AND better.session_part = bar.session_part
   );

COMMENT ON VIEW mart.fact_bar_1m IS
    'One row per symbol and minute with trades, of the preferred feed that has it, subscribed or not; shown as soon as '
    'the stream commits it.';
COMMENT ON COLUMN mart.fact_bar_1m.symbol IS 'Symbol; see dim_symbol.';
COMMENT ON COLUMN mart.fact_bar_1m.trading_date IS 'The session''s date at the exchange; see dim_date.';
COMMENT ON COLUMN mart.fact_bar_1m.interval_min IS 'Length of the bar in minutes: 1.';
COMMENT ON COLUMN mart.fact_bar_1m.bar_start IS 'Beginning of the bar, UTC.';
COMMENT ON COLUMN mart.fact_bar_1m.bar_start_local IS
    'Beginning of the bar on the exchange''s clock; null where its calendar is not known.';
COMMENT ON COLUMN mart.fact_bar_1m.minute_of_session IS
    'Minutes from the regular open to the beginning of the bar; negative in the pre-market.';
COMMENT ON COLUMN mart.fact_bar_1m.session_part IS 'pre, regular or post.';
COMMENT ON COLUMN mart.fact_bar_1m.feed IS 'Feed that every number of the row comes from.';
COMMENT ON COLUMN mart.fact_bar_1m.open IS 'First eligible price.';
COMMENT ON COLUMN mart.fact_bar_1m.high IS 'Highest eligible price.';
COMMENT ON COLUMN mart.fact_bar_1m.low IS 'Lowest eligible price.';
COMMENT ON COLUMN mart.fact_bar_1m.close IS 'Last eligible price.';
COMMENT ON COLUMN mart.fact_bar_1m.volume IS 'Shares; add only rows of one volume_scope.';
COMMENT ON COLUMN mart.fact_bar_1m.notional IS 'Sum of price times size, in the symbol''s currency.';
COMMENT ON COLUMN mart.fact_bar_1m.vwap IS
    'notional divided by volume. Over several rows: sum(notional) / sum(volume), never a mean of this column.';
COMMENT ON COLUMN mart.fact_bar_1m.trade_count IS 'Trades that add volume.';
COMMENT ON COLUMN mart.fact_bar_1m.minutes_with_trades IS '1 where a trade adds volume, else 0.';
COMMENT ON COLUMN mart.fact_bar_1m.is_restated IS 'Whether the bar changed after it was closed.';
COMMENT ON COLUMN mart.fact_bar_1m.volume_scope IS
    'What the volume counts: consolidated, venue_iex, provider_partial or unknown.';
