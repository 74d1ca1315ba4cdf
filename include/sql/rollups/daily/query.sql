-- One trading day of some symbols, one row per symbol and feed that traded or was subscribed.
-- Reads the five-minute bars, the auction prints, the subscriptions, the splits and the day's coverage. Parameters:
-- trading_date, symbols; calendars, previous_dates and next_dates (parallel arrays): the sessions around this one in
-- each calendar. Read by daily/store.sql, the data tests and the proof.

WITH subscribed AS (
    SELECT
        subscription.symbol,
        subscription.feed,
        subscription.calendar,
        subscription.synthetic,
        session.open_at,
        session.close_at
    FROM market.subscription
    JOIN market.session USING (calendar, trading_date)
    WHERE subscription.trading_date = %(trading_date)s
      AND subscription.symbol = ANY (%(symbols)s)
),
-- The five-minute bars of the day, which rollups/bar has just made of its minutes.
bars AS MATERIALIZED (
    SELECT *
    FROM rollup.bar
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
      AND interval_min = 5
),
scope AS (
    SELECT symbol, feed, calendar, synthetic, open_at, close_at
    FROM (
        SELECT symbol, feed FROM bars
        UNION
        SELECT symbol, feed FROM subscribed
    ) AS known
    LEFT JOIN subscribed USING (symbol, feed)
),
totals AS (
    SELECT
        symbol,
        feed,
        (array_agg(open ORDER BY bar_start) FILTER (WHERE session_part = 'regular' AND open IS NOT NULL))[1]
            AS first_price,
        max(high) FILTER (WHERE session_part = 'regular') AS high,
        min(low) FILTER (WHERE session_part = 'regular') AS low,
        (array_agg(close ORDER BY bar_start DESC) FILTER (WHERE session_part = 'regular' AND close IS NOT NULL))[1]
            AS last_price,
        sum(volume) FILTER (WHERE session_part = 'regular') AS volume,
        sum(notional) FILTER (WHERE session_part = 'regular') AS notional,
        sum(trade_count) FILTER (WHERE session_part = 'regular') AS trade_count,
        sum(volume) FILTER (WHERE session_part = 'pre') AS volume_pre,
        sum(volume) FILTER (WHERE session_part = 'post') AS volume_post,
        sum(trade_count) FILTER (WHERE session_part = 'pre') AS trade_count_pre,
        sum(trade_count) FILTER (WHERE session_part = 'post') AS trade_count_post,
        CASE WHEN count(DISTINCT volume_scope) = 1 THEN min(volume_scope) ELSE 'unknown' END AS volume_scope
    FROM bars
    GROUP BY symbol, feed
),
-- Which letters of the tape are a symbol's listing venue.
primary_venue AS (
    SELECT DISTINCT symbol.symbol, venue.exchange
    FROM market.symbol
    JOIN market.exchange_venue AS venue USING (mic)
    WHERE symbol.symbol = ANY (%(symbols)s)
      AND %(trading_date)s BETWEEN symbol.valid_from AND coalesce(symbol.valid_to, 'infinity')
),
-- Several venues may print an auction: the listing venue's is the primary one, whatever its size; where the venue is not
-- known or printed none, the largest is. Of reports, the first open and the last close. A correction is of the official close, so it outranks all of them; of several the last one in event time does.
official AS (
    SELECT
        symbol,
        feed,
        (array_agg(price ORDER BY primary_venue.exchange IS NULL, size DESC, event_time_ns, event_id)
            FILTER (WHERE auction = 'open'))[1]
            AS open_auction,
        (array_agg(price ORDER BY primary_venue.exchange IS NULL, size DESC, event_time_ns, event_id)
            FILTER (WHERE auction = 'close'))[1]
            AS close_auction,
        (array_agg(price ORDER BY event_time_ns, sequence_number NULLS FIRST, trade_id_number NULLS FIRST, event_id)
            FILTER (WHERE auction = 'open_report'))[1] AS open_report,
        (array_agg(
            price
            ORDER BY
                event_time_ns DESC,
                sequence_number DESC NULLS LAST,
                trade_id_number DESC NULLS LAST,
                event_id DESC
        ) FILTER (WHERE auction = 'close_report'))[1] AS close_report,
        (array_agg(
            price
            ORDER BY
                event_time_ns DESC,
                sequence_number DESC NULLS LAST,
                trade_id_number DESC NULLS LAST,
                event_id DESC
        ) FILTER (WHERE auction = 'close_correction'))[1] AS close_correction
    FROM market.event
    LEFT JOIN primary_venue USING (symbol, exchange)
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
      AND event_type = 'trade'
      AND action <> 'cancel'
      AND auction IS NOT NULL
      AND price IS NOT NULL
    GROUP BY symbol, feed
),
-- Five minutes without a trade repeat the price before them, which adds nothing to the sum: they may be left out. The
-- first ones move from the day's first price, which is their own open.
moves AS (
    SELECT
        symbol,
        feed,
        -- No logarithm of a price is a decimal: fifteen digits of it are exact enough, and the sum stays exact, while
        -- numeric's own logarithm would take longer than everything else here.
        ln((close / lag(close, 1, open) OVER (PARTITION BY symbol, feed ORDER BY bar_start))::float8)::numeric
            AS log_return
    FROM bars
    WHERE session_part = 'regular'
      AND open > 0
      AND close > 0
),
volatility AS (
    SELECT symbol, feed, round(sqrt(sum(log_return * log_return)), 10) AS realised_volatility
    FROM moves
    GROUP BY symbol, feed
),
newest_poll AS (
    SELECT feed, max(poll_id) AS poll_id
    FROM ops.poll
    WHERE trading_date = %(trading_date)s
      AND endpoint = 'trades'
      AND outcome IN ('ok', 'empty')
    GROUP BY feed
),
-- What the coverage says of the regular part: expected until now, traded, and traded or known not to have traded.
minutes AS (
    SELECT
        coverage.symbol,
        coverage.feed,
        sum(coverage.minutes) AS expected,
        sum(coverage.minutes) FILTER (WHERE coverage.status <> 'missing') AS with_trades,
        sum(coverage.minutes) FILTER (
            WHERE coverage.status <> 'missing'
               OR coverage.reason IN ('no_trade', 'halted', 'presumed_halt')
        ) AS covered
    FROM rollup.coverage
    JOIN subscribed USING (symbol, feed)
    WHERE coverage.trading_date = %(trading_date)s
      AND coverage.session_part = 'regular'
    GROUP BY coverage.symbol, coverage.feed
),
untimed AS (
    SELECT symbol, feed, sum(minutes_with_trades) AS with_trades
    FROM bars
    WHERE session_part = 'regular'
    GROUP BY symbol, feed
),
around AS (
    SELECT calendar, previous_date, next_date
    FROM unnest(%(calendars)s::text[], %(previous_dates)s::date[], %(next_dates)s::date[])
        AS sessions (calendar, previous_date, next_date)
)
SELECT
    scope.symbol,
    %(trading_date)s::date AS trading_date,
    scope.feed,
    scope.calendar,
    coalesce(official.open_auction, official.open_report, totals.first_price) AS open,
    CASE
        WHEN official.open_auction IS NOT NULL THEN 'auction'
        WHEN official.open_report IS NOT NULL THEN 'report'
        WHEN totals.first_price IS NOT NULL THEN 'trade'
    END AS open_basis,
    totals.high,
    totals.low,
    coalesce(official.close_correction, official.close_auction, official.close_report, totals.last_price) AS close,
    CASE
        WHEN official.close_correction IS NOT NULL THEN 'correction'
        WHEN official.close_auction IS NOT NULL THEN 'auction'
        WHEN official.close_report IS NOT NULL THEN 'report'
        WHEN totals.last_price IS NOT NULL THEN 'trade'
    END AS close_basis,
    coalesce(totals.volume, 0) AS volume,
    coalesce(totals.notional, 0) AS notional,
    coalesce(totals.trade_count, 0)::bigint AS trade_count,
    coalesce(totals.volume_pre, 0) AS volume_pre,
    coalesce(totals.volume_post, 0) AS volume_post,
    coalesce(totals.trade_count_pre, 0)::bigint AS trade_count_pre,
    coalesce(totals.trade_count_post, 0)::bigint AS trade_count_post,
    totals.volume_scope,
    around.previous_date,
    around.next_date,
    -- In today's shares: a split is no loss.
    round(previous.close * market.split_factor(scope.symbol, around.previous_date, %(trading_date)s), 6) AS previous_close,
    volatility.realised_volatility,
    minutes.expected::integer AS minutes_expected,
    coalesce(minutes.with_trades, untimed.with_trades, 0)::integer AS minutes_with_trades,
    CASE WHEN minutes.expected > 0 THEN coalesce(minutes.covered, 0) END::integer AS minutes_covered,
    newest.delay_s,
    origin.is_synthetic,
    newest_poll.poll_id
FROM scope
LEFT JOIN totals USING (symbol, feed)
LEFT JOIN official USING (symbol, feed)
LEFT JOIN volatility USING (symbol, feed)
LEFT JOIN minutes USING (symbol, feed)
LEFT JOIN untimed USING (symbol, feed)
LEFT JOIN newest_poll USING (feed)
LEFT JOIN around USING (calendar)
LEFT JOIN LATERAL (
    SELECT event.delay_s, event.synthetic
    FROM market.event
    WHERE event.trading_date = %(trading_date)s
      AND event.symbol = scope.symbol
      AND event.feed = scope.feed
      AND event.event_type = 'trade'
    ORDER BY event.event_time_ns DESC
    LIMIT 1
) AS newest ON true
-- A simulator's mark on either makes the day its own; two feeds exist in a simulator only.
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN scope.feed IN ('tape', 'round_the_clock') THEN true
        ELSE coalesce(scope.synthetic OR newest.synthetic, scope.synthetic, newest.synthetic)
    END AS is_synthetic
) AS origin
LEFT JOIN rollup.daily AS previous
    ON previous.symbol = scope.symbol
   AND previous.feed = scope.feed
   -- A day that nobody subscribed may hold a stray trade, which is no close.
   AND previous.calendar = scope.calendar
   AND previous.trading_date = around.previous_date
   -- A simulated close is none of a real day, nor the other way round.
   AND coalesce(previous.is_synthetic, false) = coalesce(origin.is_synthetic, false)
   -- Nor another company's that had the symbol.
   AND NOT EXISTS (
       SELECT
       FROM market.symbol AS listed
       WHERE listed.symbol = scope.symbol
         AND listed.valid_from > around.previous_date
         AND listed.valid_from <= %(trading_date)s
   )
ORDER BY scope.symbol, scope.feed
