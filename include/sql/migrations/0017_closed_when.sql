-- What a minute's bar said at a moment of market time, told by when it was really closed. Until now the minute after its
-- end stood for that, and a version that a later one replaced was forgotten: figures could be shown before they stood.

-- How long after its end a bar was closed is a setting; what it was is part of the accounts of each batch.
ALTER TABLE ops.stream_batch ADD COLUMN bar_close_s double precision NOT NULL DEFAULT 60 CHECK (bar_close_s >= 0);

-- One row. `forming`: not closed yet, and forming figures are not kept. `closed`: the figures that stood then, and how
-- many restatements followed. `absent`: closed without a trade.
--
-- A bar is closed once its session was over, or its symbol and feed had landed an event of `bar_close_s` after its end:
-- the market time of the first batch with such an event, also of one that was replaced since. From then on every change
-- is a restatement. Time runs with the market clock: a stamp ahead of it closes nothing yet. Nor does a snapshot, which
-- shows the newest state, ahead of the trades that are still to be read.
CREATE OR REPLACE FUNCTION market.bar_as_it_was(
    of_symbol text, of_feed text, of_bar_start timestamptz, of_session_part text, at timestamptz
) RETURNS TABLE (
    state text,
    open numeric(18, 6),
    high numeric(18, 6),
    low numeric(18, 6),
    close numeric(18, 6),
    volume numeric(24, 6),
    notional numeric(38, 12),
    vwap numeric(18, 6),
    trade_count bigint,
    volume_scope text,
    restated_later bigint
)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH restated AS (
        SELECT restatement_id, market_at, old, new
        FROM ops.restatement
        WHERE symbol = of_symbol
          AND feed = of_feed
          AND bar_start = of_bar_start
          AND session_part = of_session_part
          -- The day's index; a trading date is the day of the bar or one of its neighbours, whatever the zone.
          AND trading_date BETWEEN (of_bar_start AT TIME ZONE 'UTC')::date - 4 AND (of_bar_start AT TIME ZONE 'UTC')::date + 4
    ),
    -- The last word until then, else what the first later restatement replaced, else the bar that never changed.
    said AS (
        SELECT word.figures
        FROM (
            (SELECT 1 AS rank, new AS figures FROM restated WHERE market_at <= at
             ORDER BY market_at DESC, restatement_id DESC LIMIT 1)
            UNION ALL
            (SELECT 2, old FROM restated WHERE market_at > at ORDER BY market_at, restatement_id LIMIT 1)
            UNION ALL
            (SELECT 3, to_jsonb(bar) FROM market.bar_1m AS bar
             WHERE bar.symbol = of_symbol AND bar.feed = of_feed
               AND bar.bar_start = of_bar_start AND bar.session_part = of_session_part)
        ) AS word
        ORDER BY word.rank
        LIMIT 1
    ),
    place AS MATERIALIZED (
        SELECT
            (SELECT figures FROM said) AS figures,
            EXISTS (SELECT FROM restated WHERE market_at <= at)
            OR EXISTS (
                SELECT
                FROM market.subscription
                JOIN market.session USING (calendar, trading_date)
                WHERE subscription.symbol = of_symbol
                  AND subscription.feed = of_feed
                  AND subscription.trading_date BETWEEN (of_bar_start AT TIME ZONE 'UTC')::date - 4 AND (of_bar_start AT TIME ZONE 'UTC')::date + 4
                  AND of_bar_start >= session.pre_open_at
                  AND of_bar_start < session.post_close_at
                  AND session.post_close_at <= at
            )
            OR (
                at >= of_bar_start + INTERVAL '1 minute'
                AND (
                    -- Day by day in the order of the index, so that the first event ends the search; of events until
                    -- then only, because what lands has happened.
                    EXISTS (
                        SELECT
                        FROM generate_series(-1, 4) AS offset_days (days)
                        CROSS JOIN unnest(ARRAY['trade', 'bar', 'quote', 'snapshot', 'status']) AS kind (event_type)
                        CROSS JOIN LATERAL (
                            SELECT
                            FROM market.event
                            WHERE event.trading_date = (of_bar_start AT TIME ZONE 'UTC')::date + offset_days.days
                              AND event.symbol = of_symbol
                              AND event.feed = of_feed
                              AND event.event_type = kind.event_type
                              AND event.event_time_ns >= (extract(epoch FROM of_bar_start)::bigint + 60) * 1000000000
                              AND event.event_time_ns <= (extract(epoch FROM at) * 1000000000)::bigint
                              AND event.endpoint NOT LIKE '%.snapshots'
                              AND (
                                  SELECT
                                      batch.market_at <= at
                                      AND least(extract(epoch FROM batch.market_at), event.event_time_ns / 1000000000.0)
                                          >= extract(epoch FROM of_bar_start) + 60 + batch.bar_close_s
                                  FROM ops.stream_batch AS batch
                                  WHERE batch.batch_id = event.batch_id
                              )
                            ORDER BY event.event_time_ns
                            LIMIT 1
                        ) AS later
                    )
                    OR EXISTS (
                        SELECT
                        FROM generate_series(-1, 4) AS offset_days (days)
                        JOIN market.event_superseded AS event
                            ON event.trading_date = (of_bar_start AT TIME ZONE 'UTC')::date + offset_days.days
                        WHERE event.symbol = of_symbol
                          AND event.feed = of_feed
                          AND event.event_time_ns >= (extract(epoch FROM of_bar_start)::bigint + 60) * 1000000000
                          AND event.event_time_ns <= (extract(epoch FROM at) * 1000000000)::bigint
                          AND event.endpoint NOT LIKE '%.snapshots'
                          AND (
                              SELECT
                                  batch.market_at <= at
                                  AND least(extract(epoch FROM batch.market_at), event.event_time_ns / 1000000000.0)
                                      >= extract(epoch FROM of_bar_start) + 60 + batch.bar_close_s
                              FROM ops.stream_batch AS batch
                              WHERE batch.batch_id = event.batch_id
                          )
                    )
                    -- Retention took the events that would tell.
                    OR EXISTS (
                        SELECT
                        FROM ops.sealed_day
                        WHERE sealed_day.trading_date = (of_bar_start AT TIME ZONE 'UTC')::date
                    )
                )
            )
                AS is_closed
    )
    SELECT
        CASE WHEN NOT coalesce(place.is_closed, false) THEN 'forming'
             WHEN shown.figures IS NULL THEN 'absent' ELSE 'closed' END,
        (shown.figures ->> 'open')::numeric(18, 6),
        (shown.figures ->> 'high')::numeric(18, 6),
        (shown.figures ->> 'low')::numeric(18, 6),
        (shown.figures ->> 'close')::numeric(18, 6),
        (shown.figures ->> 'volume')::numeric(24, 6),
        (shown.figures ->> 'notional')::numeric(38, 12),
        (shown.figures ->> 'vwap')::numeric(18, 6),
        (shown.figures ->> 'trade_count')::bigint,
        shown.figures ->> 'volume_scope',
        (SELECT count(*) FROM restated WHERE market_at > at)
    FROM place
    CROSS JOIN LATERAL (SELECT CASE WHEN place.is_closed THEN place.figures END AS figures) AS shown
$$;
