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
subscribed AS (
    SELECT
        subscription.symbol,
        subscription.trading_date,
        subscription.feed,
        session.open_at,
        calendar.time_zone
    FROM current_session
    JOIN market.subscription USING (calendar, trading_date)
    JOIN market.session USING (calendar, trading_date)
    LEFT JOIN market.calendar USING (calendar)
),
--
-- A feed that nobody subscribed may have told of the symbol too.
told AS (
    SELECT symbol, trading_date, feed
    FROM subscribed
    UNION
    SELECT subscribed.symbol, subscribed.trading_date, known.feed
    FROM subscribed
    JOIN (
        SELECT symbol, feed FROM market.latest
        UNION ALL
        SELECT symbol, feed FROM market.feed_progress
    ) AS known ON known.symbol = subscribed.symbol
),
--
watched AS (
    SELECT
        told.symbol,
        told.trading_date,
        told.feed,
        subscribed.open_at,
        subscribed.time_zone,
        true AS is_current,
        -- The feeds of the same symbol and day that go before this one; null for the first.
        array_agg(told.feed) OVER (
            PARTITION BY told.trading_date, told.symbol
            ORDER BY coalesce(preference.rank, 32767), told.feed
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS better_feeds
    FROM told
    LEFT JOIN subscribed
        ON subscribed.symbol = told.symbol
       AND subscribed.trading_date = told.trading_date
       AND subscribed.feed = told.feed
    LEFT JOIN market.feed_preference AS preference ON preference.feed = told.feed
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
-- Not an inner join, though it amounts to one: the planner would take the matches for few and look each of them up.
LEFT JOIN watched
    ON watched.trading_date = bar.trading_date
   AND watched.symbol = bar.symbol
   AND watched.feed = bar.feed
-- As values, not as a join: only so do they reach the index of the bars' dates.
WHERE bar.trading_date = ANY (ARRAY(SELECT trading_date FROM current_session))
  AND coalesce(watched.is_current, false)
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
COMMENT ON COLUMN mart.fact_bar_live.is_restated IS 'Whether the bar changed after it was closed.';
COMMENT ON COLUMN mart.fact_bar_live.volume_scope IS
    'What the volume counts: consolidated, venue_iex, provider_partial or unknown.';
