-- The touched minutes, computed again from the current trades, beside what market.bar_1m says now.
-- Order within a minute: event time, sequence, trade id (as numbers), event id. A closed bar is one whose symbol and
-- feed had landed a later event before this transaction, or whose session is over on the market clock.

INSERT INTO rebuilt_bar
WITH touched AS (
    SELECT
        symbol,
        feed,
        bar_start,
        bar_session_part,
        min(trading_date) AS trading_date,
        extract(epoch FROM bar_start)::bigint * 1000000000 AS start_ns
    FROM changed
    WHERE event_type = 'trade' AND bar_start IS NOT NULL AND bar_session_part IS NOT NULL
    GROUP BY symbol, feed, bar_start, bar_session_part
),
--
computed AS (
    SELECT
        touched.symbol,
        touched.feed,
        touched.bar_start,
        touched.bar_session_part,
        touched.trading_date,
        minute.prices[1]::numeric(18, 6) AS open,
        minute.high::numeric(18, 6) AS high,
        minute.low::numeric(18, 6) AS low,
        minute.prices[cardinality(minute.prices)]::numeric(18, 6) AS close,
        minute.volume::numeric(24, 6) AS volume,
        minute.notional::numeric(38, 12) AS notional,
        minute.trade_count,
        minute.volume_scope
    FROM touched
    CROSS JOIN LATERAL (
        SELECT
            array_agg(
                event.price
                ORDER BY
                    event.event_time_ns,
                    event.sequence_number NULLS FIRST,
                    event.trade_id_number NULLS FIRST,
                    event.event_id
            ) FILTER (WHERE event.sets_open_close) AS prices,
            max(event.price) FILTER (WHERE event.sets_high_low) AS high,
            min(event.price) FILTER (WHERE event.sets_high_low) AS low,
            sum(event.size) FILTER (WHERE event.adds_volume) AS volume,
            sum(event.price * event.size) FILTER (WHERE event.adds_volume) AS notional,
            count(*) FILTER (WHERE event.adds_volume) AS trade_count,
            CASE
                WHEN min(event.volume_scope) FILTER (WHERE event.adds_volume)
                    = max(event.volume_scope) FILTER (WHERE event.adds_volume)
                    THEN min(event.volume_scope) FILTER (WHERE event.adds_volume)
                ELSE 'unknown'
            END AS volume_scope
        FROM market.event AS event
        WHERE event.event_type = 'trade'
            AND event.symbol = touched.symbol
            AND event.feed = touched.feed
            AND event.event_time_ns >= touched.start_ns
            AND event.event_time_ns < touched.start_ns + 60000000000
            AND event.bar_session_part = touched.bar_session_part
            AND event.action <> 'cancel'
            AND event.trading_date = ANY(%(dates)s::date[])
    ) AS minute
)
SELECT
    computed.symbol,
    computed.feed,
    computed.bar_start,
    computed.bar_session_part,
    computed.trading_date,
    computed.open,
    computed.high,
    computed.low,
    computed.close,
    computed.volume,
    computed.notional,
    computed.trade_count,
    computed.volume_scope,
    CASE
        WHEN bar.symbol IS NOT NULL
            THEN jsonb_build_object(
                'open', bar.open, 'high', bar.high, 'low', bar.low, 'close', bar.close,
                'volume', bar.volume, 'notional', bar.notional, 'vwap', bar.vwap,
                'trade_count', bar.trade_count, 'volume_scope', bar.volume_scope
            )
    END AS old,
    CASE
        WHEN computed.trade_count > 0
            THEN jsonb_build_object(
                'open', computed.open, 'high', computed.high, 'low', computed.low, 'close', computed.close,
                'volume', computed.volume, 'notional', computed.notional,
                'vwap', round(computed.notional / nullif(computed.volume, 0), 6)::numeric(18, 6),
                'trade_count', computed.trade_count, 'volume_scope', computed.volume_scope
            )
    END AS new,
    coalesce(
        progress.latest_event_at
            >= computed.bar_start + interval '1 minute' + make_interval(secs => %(bar_close_s)s::float8),
        false
    )
    OR EXISTS (
        SELECT
        FROM market.subscription AS subscription
        INNER JOIN market.session AS session USING (calendar, trading_date)
        WHERE subscription.trading_date = computed.trading_date
            AND subscription.symbol = computed.symbol
            AND subscription.feed = computed.feed
            AND session.post_close_at <= %(market_at)s
    ) AS is_closed
FROM computed
LEFT JOIN market.bar_1m AS bar
    ON bar.symbol = computed.symbol
    AND bar.feed = computed.feed
    AND bar.bar_start = computed.bar_start
    AND bar.session_part = computed.bar_session_part
LEFT JOIN market.feed_progress AS progress
    ON progress.symbol = computed.symbol
    AND progress.feed = computed.feed
