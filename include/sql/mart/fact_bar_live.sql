-- The one-minute bars of each calendar's current session: the newest one that events have reached. Grain and key:
-- symbol, bar_start, session_part. Read by Power BI's live page.

CREATE VIEW mart.fact_bar_live AS
WITH current_session AS (
    SELECT
        session.calendar,
        max(session.trading_date) AS trading_date
    FROM market.session
    WHERE session.pre_open_at <= (SELECT max(latest_event_at) FROM market.feed_progress)
    GROUP BY session.calendar
),
--
-- Few rows, from which the bars are looked up: a filter on the date would not reach the index through fact_bar_1m.
watched AS MATERIALIZED (
    SELECT
        subscription.symbol,
        subscription.feed,
        subscription.trading_date,
        session.open_at,
        calendar.time_zone,
        array_agg(subscription.feed) OVER (
            PARTITION BY subscription.trading_date, subscription.symbol
            ORDER BY coalesce(preference.rank, 32767), subscription.feed
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS better_feeds
    FROM current_session
    JOIN market.subscription USING (calendar, trading_date)
    JOIN market.session USING (calendar, trading_date)
    LEFT JOIN market.calendar USING (calendar)
    LEFT JOIN market.feed_preference AS preference ON preference.feed = subscription.feed
)
SELECT
    bar.symbol,
    bar.trading_date,
    1 AS interval_min,
    bar.bar_start AT TIME ZONE 'UTC' AS bar_start,
    bar.bar_start AT TIME ZONE watched.time_zone AS bar_start_local,
    (date_part('epoch', bar.bar_start - watched.open_at) / 60)::integer AS minute_of_session,
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
    100::numeric(5, 2) AS coverage_pct,
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
FROM watched
JOIN market.bar_1m AS bar
    ON bar.trading_date = watched.trading_date
   AND bar.symbol = watched.symbol
   AND bar.feed = watched.feed
WHERE bar.trading_date = ANY (ARRAY(SELECT trading_date FROM current_session))
  AND (
      watched.better_feeds IS NULL
      OR NOT EXISTS (
          SELECT
          FROM market.bar_1m AS better
          WHERE better.symbol = bar.symbol
            AND better.feed = ANY (watched.better_feeds)
            AND better.bar_start = bar.bar_start
            AND better.session_part = bar.session_part
      )
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
