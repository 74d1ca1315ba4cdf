-- Minutes that were asked for but have not landed, or never will; what the rollups and a bar's history read quickly.

-- Beside what it said before: a minute whose polls published records that the stream has not read yet (`not_landed`), or
-- that are among an accepted loss (`lost`).
ALTER TABLE rollup.coverage
    DROP CONSTRAINT coverage_reason_check,
    ADD CONSTRAINT coverage_reason_check CHECK (reason IN (
        'closed', 'no_trade', 'halted', 'presumed_halt', 'provider_gap', 'not_subscribed', 'our_outage',
        'dead_lettered', 'not_landed', 'lost', 'unexplained'
    )),
    ADD CONSTRAINT coverage_landing_check CHECK ((reason IN ('not_landed', 'lost')) <= (status = 'missing'));

-- The newest answered poll of a day and feed, and the halts of a symbol on whatever day.
CREATE INDEX poll_answered_idx ON ops.poll (trading_date, feed, poll_id)
    WHERE endpoint = 'trades' AND outcome IN ('ok', 'empty');
CREATE INDEX event_status_idx ON market.event (symbol) WHERE event_type = 'status';

-- What a minute's bar said at a moment of market time, one row. `forming`: the minute and the 60 s that a bar waits
-- before it closes were not over, or nothing of it had landed, or a later transaction still added to it before it was
-- closed; forming values are not kept. `absent`: closed without a trade. `closed`: the figures that stood then, and how
-- many restatements followed.
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
        SELECT restatement_id, batch_id, market_at, old, new
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
        SELECT word.rank, word.figures
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
    -- When the figures that no restatement made were complete: the batch of the last trade that built them. Every one
    -- before the bar was closed changed them without a trace. A bar that its first restatement made has none.
    landed AS (
        SELECT max(batch.market_at) AS market_at
        FROM said
        JOIN market.bar_1m AS bar
            ON bar.symbol = of_symbol
           AND bar.feed = of_feed
           AND bar.bar_start = of_bar_start
           AND bar.session_part = of_session_part
        JOIN ops.stream_batch AS batch
            ON batch.batch_id = bar.first_batch_id
            OR batch.batch_id = CASE
                WHEN said.rank = 3 THEN bar.batch_id
                ELSE (
                    SELECT max(event.batch_id)
                    FROM market.event
                    WHERE event.trading_date = bar.trading_date
                      AND event.symbol = of_symbol
                      AND event.feed = of_feed
                      AND event.event_type = 'trade'
                      AND event.event_time_ns >= extract(epoch FROM of_bar_start)::bigint * 1000000000
                      AND event.event_time_ns < extract(epoch FROM of_bar_start)::bigint * 1000000000 + 60000000000
                      AND event.batch_id < (SELECT min(batch_id) FROM restated)
                )
            END
        WHERE said.rank = 3
           OR (said.rank = 2 AND said.figures IS NOT NULL)
    ),
    place AS (
        SELECT
            said.figures,
            at < of_bar_start + INTERVAL '2 minutes' OR coalesce(at < (SELECT market_at FROM landed), false)
                AS is_forming
        FROM (SELECT (SELECT figures FROM said) AS figures) AS said
    )
    SELECT
        CASE WHEN place.is_forming THEN 'forming' WHEN place.figures IS NULL THEN 'absent' ELSE 'closed' END,
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
    CROSS JOIN LATERAL (SELECT CASE WHEN NOT place.is_forming THEN place.figures END AS figures) AS shown
$$;
