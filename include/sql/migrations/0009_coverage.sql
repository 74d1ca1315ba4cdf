-- What of each session was seen, and why the rest was not; our days beside the provider's; bars as they once were.

-- When one symbol could not trade. A row of a file wins over what the feed told, because a person vouches for it.
CREATE TABLE market.halt (
    symbol      text        NOT NULL,
    halted_at   timestamptz NOT NULL,
    resumed_at  timestamptz,
    source      text        NOT NULL CHECK (source IN ('status', 'file')),
    reason      text,
    -- The status events, or the line of the file.
    cites       jsonb       NOT NULL DEFAULT '{}',
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, halted_at),
    CHECK (resumed_at > halted_at)
);

-- Runs of minutes of one status. Minutes that have not begun have no row. `cites` names the stored rows that prove it.
CREATE TABLE rollup.coverage (
    symbol       text        NOT NULL,
    feed         text        NOT NULL,
    trading_date date        NOT NULL,
    range_start  timestamptz NOT NULL,
    range_end    timestamptz NOT NULL,
    session_part text        NOT NULL CHECK (session_part IN ('pre', 'regular', 'post', 'closed')),
    minutes      integer     GENERATED ALWAYS AS ((extract(epoch FROM range_end - range_start) / 60)::integer) STORED,
    status       text        NOT NULL CHECK (status IN ('received', 'late', 'missing')),
    reason       text        CHECK (reason IN (
        'closed', 'no_trade', 'halted', 'presumed_halt', 'provider_gap', 'not_subscribed', 'our_outage',
        'dead_lettered', 'unexplained'
    )),
    cites        jsonb       NOT NULL DEFAULT '{}',
    computed_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, feed, trading_date, range_start),
    CHECK (range_end > range_start),
    CHECK ((status = 'received') <= (reason IS NULL)),
    CHECK ((status = 'missing') <= (reason IS NOT NULL)),
    CHECK ((reason IN ('unexplained', 'closed')) <= (status = 'missing'))
);
CREATE INDEX coverage_date_idx ON rollup.coverage (trading_date, symbol);

-- One row per field of a day that the provider reports too. A field that cannot be compared has no `is_within`.
CREATE TABLE rollup.reconciliation (
    symbol       text           NOT NULL,
    feed         text           NOT NULL,
    trading_date date           NOT NULL,
    field        text           NOT NULL CHECK (field IN (
        'open', 'high', 'low', 'close', 'volume', 'vwap', 'trade_count', 'volume_scope'
    )),
    ours         numeric(28, 6),
    official     numeric(28, 6),
    difference   numeric(28, 6) GENERATED ALWAYS AS (ours - official) STORED,
    -- Absolute, in the field's own unit.
    tolerance    numeric(28, 6),
    within       boolean,
    volume_scope text           NOT NULL,
    explanation  text,
    provider     text           NOT NULL,
    entity_id    uuid           NOT NULL,
    computed_at  timestamptz    NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, feed, trading_date, field)
);
CREATE INDEX reconciliation_date_idx ON rollup.reconciliation (trading_date, symbol);

ALTER TABLE ops.check_result ADD COLUMN severity text CHECK (severity IN ('error', 'warning'));

-- Restatements by provider and week (Monday) of the trading day.
CREATE VIEW rollup.restatement_week AS
SELECT
    coalesce(subscription.provider, source.provider, 'unknown') AS provider,
    date_trunc('week', restatement.trading_date::timestamp)::date AS week_start,
    count(*) AS restatements,
    count(DISTINCT (restatement.symbol, restatement.feed, restatement.bar_start, restatement.session_part)) AS bars
FROM ops.restatement
LEFT JOIN market.subscription USING (trading_date, symbol, feed)
-- A symbol that nobody subscribed was replayed: its batch says by whom, when it was one.
LEFT JOIN LATERAL (
    SELECT min(batch_source.provider) AS provider
    FROM ops.stream_batch_source AS batch_source
    WHERE subscription.provider IS NULL
      AND batch_source.batch_id = restatement.batch_id
    HAVING count(DISTINCT batch_source.provider) = 1
) AS source ON true
GROUP BY 1, 2;

-- What a minute's bar said at a moment of market time, one row. `forming`: the minute and the 60 s that a bar waits
-- before it closes were not over, or nothing of it had landed, and forming values are not kept. `absent`: closed
-- without a trade. `closed`: the figures that stood then, and how many restatements followed.
CREATE FUNCTION market.bar_as_it_was(
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
    -- When the first trade landed; a bar that its first restatement made has none before that.
    landed AS (
        SELECT batch.market_at
        FROM market.bar_1m AS bar
        JOIN ops.stream_batch AS batch ON batch.batch_id = bar.first_batch_id
        WHERE bar.symbol = of_symbol AND bar.feed = of_feed
          AND bar.bar_start = of_bar_start AND bar.session_part = of_session_part
          AND NOT EXISTS (SELECT FROM restated)
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

-- The same for people who see the mart only.
CREATE FUNCTION mart.bar_as_it_was(
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
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT * FROM market.bar_as_it_was(of_symbol, of_feed, of_bar_start, of_session_part, at)
$$;

-- The time that a dead letter's body names, whichever of our own records or a provider's it is; null when it has none
-- that can be read. The body may hold any bytes, so it is searched and never parsed.
CREATE FUNCTION ops.dead_letter_event_at(body bytea) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN pg_input_is_valid(named.stamp, 'timestamptz') THEN named.stamp::timestamptz END
    FROM (
        SELECT substring(
            encode(substring(body FROM 1 FOR 10000), 'escape')
            FROM '"(?:event_at|t|timestamp)" *: *"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2}))"'
        ) AS stamp
    ) AS named
$$;

CREATE INDEX dead_letter_symbol_idx ON ops.dead_letter (symbol) WHERE symbol IS NOT NULL;

REVOKE ALL ON FUNCTION mart.bar_as_it_was(text, text, timestamptz, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mart.bar_as_it_was(text, text, timestamptz, text, timestamptz)
    TO marketpulse_reader, marketpulse_operations;
GRANT SELECT ON market.halt TO marketpulse_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON market.halt, rollup.coverage, rollup.reconciliation TO marketpulse_operations;
GRANT SELECT ON rollup.restatement_week TO marketpulse_operations;

COMMENT ON TABLE rollup.coverage IS 'Per symbol and feed, runs of session minutes: received, late, or missing with a reason and the rows that prove it.';
COMMENT ON TABLE rollup.reconciliation IS 'Our daily bar beside the provider''s official one, field by field, within one volume scope.';
COMMENT ON TABLE market.halt IS 'When one symbol could not trade: from status events or an imported file.';
COMMENT ON VIEW rollup.restatement_week IS 'How many closed bars were restated, by provider and week of the trading day.';
COMMENT ON FUNCTION market.bar_as_it_was(text, text, timestamptz, text, timestamptz) IS 'What a minute bar said at a moment of market time.';
COMMENT ON FUNCTION mart.bar_as_it_was(text, text, timestamptz, text, timestamptz) IS 'What a minute bar said at a moment of market time (at): forming, absent or closed, with its figures then.';
