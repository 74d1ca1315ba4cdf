-- The newest price and quote of each symbol: of the feeds that reached its newest trading date, the one that comes
-- first in the configured order. Grain and key: symbol. Read by Power BI's live page and SQL clients.

CREATE VIEW mart.fact_latest AS
WITH clock AS (
    -- Market time now: what it was when somebody last wrote it down, and the host's seconds since.
    SELECT reading.market_at + (now() - reading.read_at) AS market_at
    FROM (
        (SELECT market_at, checked_at AS read_at FROM ops.health ORDER BY checked_at DESC LIMIT 1)
        UNION ALL
        (SELECT market_at, committed_at FROM ops.stream_batch ORDER BY batch_id DESC LIMIT 1)
    ) AS reading
    ORDER BY reading.read_at DESC
    LIMIT 1
),
--
latest AS (
    SELECT DISTINCT ON (newest.symbol) newest.*
    FROM market.latest AS newest
    LEFT JOIN market.feed_preference AS preference ON preference.feed = newest.feed
    ORDER BY
        newest.symbol,
        newest.trade_date DESC NULLS LAST,
        coalesce(preference.rank, 32767),
        newest.feed
)
SELECT
    latest.symbol,
    latest.feed,
    latest.price,
    latest.size,
    latest.trade_at AT TIME ZONE 'UTC' AS trade_at,
    latest.bid,
    latest.ask,
    latest.quote_at AT TIME ZONE 'UTC' AS quote_at,
    previous.close AS previous_close,
    (latest.price - previous.close)::numeric(18, 6) AS change,
    round(100 * (latest.price / nullif(previous.close, 0) - 1), 4)::numeric(18, 4) AS change_pct,
    (
        SELECT sum(bar.volume)
        FROM market.bar_1m AS bar
        WHERE bar.symbol = latest.symbol
          AND bar.feed = latest.feed
          AND bar.trading_date = latest.trade_date
          AND bar.session_part = 'regular'
    )::numeric(24, 6) AS day_volume,
    (
        SELECT bar.volume_scope
        FROM market.bar_1m AS bar
        WHERE bar.symbol = latest.symbol
          AND bar.feed = latest.feed
        ORDER BY bar.bar_start DESC
        LIMIT 1
    ) AS volume_scope,
    greatest(0, extract(epoch FROM clock.market_at - coalesce(latest.trade_at, latest.quote_at)))::integer
        AS age_seconds,
    latest.delay_s AS delay_seconds,
    coalesce(daily.state, 'provisional') AS state,
    latest.updated_at AT TIME ZONE 'UTC' AS updated_at
FROM latest
LEFT JOIN clock ON true
LEFT JOIN rollup.daily
    ON daily.symbol = latest.symbol
   AND daily.trading_date = latest.trade_date
   AND daily.feed = latest.feed
-- The close of the session before, made comparable with today's price when the symbol was split since; where nobody
-- traded in that session, the close that stood then.
LEFT JOIN LATERAL (
    SELECT
        round(
            CASE
                -- An older day is not the session before.
                WHEN day.next_date >= latest.trade_date AND NOT EXISTS (
                    -- Nor is the close of another company that had the symbol.
                    SELECT
                    FROM market.symbol AS later
                    WHERE later.symbol = latest.symbol
                      AND later.valid_from > day.trading_date
                      AND later.valid_from <= latest.trade_date
                ) THEN coalesce(
                    day.close,
                    CASE WHEN day.minutes_covered = day.minutes_expected THEN series.previous_close END
                )
            END * market.split_factor(day.symbol, day.trading_date, latest.trade_date),
            6
        )::numeric(18, 6) AS close
    FROM rollup.daily_series AS series
    JOIN rollup.daily AS day USING (symbol, trading_date, feed)
    -- A simulated or replayed close is none of a real price, nor the other way round.
    LEFT JOIN market.subscription AS watched
        ON watched.trading_date = latest.trade_date
       AND watched.symbol = latest.symbol
       AND watched.feed = latest.feed
    WHERE day.is_live = coalesce(daily.is_live, latest.feed <> 'replay' AND NOT watched.synthetic, day.is_live)
      AND series.symbol = latest.symbol
      AND series.trading_date < latest.trade_date
    ORDER BY series.trading_date DESC
    LIMIT 1
) AS previous ON true;

COMMENT ON VIEW mart.fact_latest IS
    'One row per symbol: its newest price and quote, shown as soon as the stream commits them.';
COMMENT ON COLUMN mart.fact_latest.symbol IS 'Symbol; see dim_symbol.';
COMMENT ON COLUMN mart.fact_latest.feed IS
    'Feed that the row comes from: of those that reached the newest trading date, the preferred one.';
COMMENT ON COLUMN mart.fact_latest.price IS 'Price of the newest trade that may set a price.';
COMMENT ON COLUMN mart.fact_latest.size IS 'Shares of that trade.';
COMMENT ON COLUMN mart.fact_latest.trade_at IS 'Its event time, UTC.';
COMMENT ON COLUMN mart.fact_latest.bid IS 'Best bid of the newest quote.';
COMMENT ON COLUMN mart.fact_latest.ask IS 'Best ask of the newest quote.';
COMMENT ON COLUMN mart.fact_latest.quote_at IS 'Event time of that quote, UTC.';
COMMENT ON COLUMN mart.fact_latest.previous_close IS
    'Close of the session before, in today''s shares when the symbol was split since; null where that session was not '
    'recorded, or was another company''s.';
COMMENT ON COLUMN mart.fact_latest.change IS 'price less previous_close.';
COMMENT ON COLUMN mart.fact_latest.change_pct IS 'price on previous_close, in percent.';
COMMENT ON COLUMN mart.fact_latest.day_volume IS 'Shares of the regular part so far, auctions included, of this feed.';
COMMENT ON COLUMN mart.fact_latest.volume_scope IS
    'What day_volume counts: consolidated, venue_iex, provider_partial or unknown.';
COMMENT ON COLUMN mart.fact_latest.age_seconds IS
    'Market time since the newest trade, else the newest quote; grows while the market is closed too.';
COMMENT ON COLUMN mart.fact_latest.delay_seconds IS
    'How far the feed runs behind the market by contract; null where nobody says.';
COMMENT ON COLUMN mart.fact_latest.state IS 'State of the trade''s day: provisional, final or restated.';
COMMENT ON COLUMN mart.fact_latest.updated_at IS 'When the stream last wrote the row, UTC, host clock.';
