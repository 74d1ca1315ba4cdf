-- A corrected closing price is the official close; simulated days stay apart from real ones; one answer to whether a
-- session was swept; the topic whose ends a sweep waits for.

-- What a trade or a report is to the day; `close_correction` replaces the close that was reported before it.
ALTER TABLE market.event
    DROP CONSTRAINT event_auction_check,
    ADD CONSTRAINT event_auction_check
        CHECK (auction IN ('open', 'close', 'open_report', 'close_report', 'close_correction'));
ALTER TABLE market.event_superseded
    DROP CONSTRAINT event_auction_check,
    ADD CONSTRAINT event_auction_check
        CHECK (auction IN ('open', 'close', 'open_report', 'close_report', 'close_correction'));
ALTER TABLE rollup.daily
    DROP CONSTRAINT daily_close_basis_check,
    ADD CONSTRAINT daily_close_basis_check CHECK (close_basis IN ('auction', 'report', 'trade', 'correction'));

-- What landed as a report of the close although it corrects it; the days are computed again.
WITH corrected AS (
    UPDATE market.event
    SET auction = 'close_correction'
    WHERE auction = 'close_report'
      AND '9' = ANY (conditions)
    RETURNING symbol, trading_date
)
INSERT INTO ops.dirty_day AS dirty (symbol, trading_date)
SELECT DISTINCT symbol, trading_date
FROM corrected
ON CONFLICT (symbol, trading_date) DO UPDATE SET
    revision = dirty.revision + 1,
    dirtied_at = now();
UPDATE market.event_superseded
SET auction = 'close_correction'
WHERE auction = 'close_report'
  AND '9' = ANY (conditions);

-- Whether a simulator played the day; null where nobody said, which counts as real. The same rule as in daily/query.sql.
ALTER TABLE rollup.daily ADD COLUMN is_synthetic boolean;
UPDATE rollup.daily
SET is_synthetic = CASE
    WHEN daily.feed IN ('tape', 'round_the_clock') THEN true
    ELSE coalesce(told.by_subscription OR told.by_trade, told.by_subscription, told.by_trade)
END
FROM (
    SELECT
        known.symbol,
        known.trading_date,
        known.feed,
        subscription.synthetic AS by_subscription,
        newest.synthetic AS by_trade
    FROM rollup.daily AS known
    LEFT JOIN market.subscription USING (symbol, trading_date, feed)
    LEFT JOIN LATERAL (
        SELECT event.synthetic
        FROM market.event
        WHERE event.trading_date = known.trading_date
          AND event.symbol = known.symbol
          AND event.feed = known.feed
          AND event.event_type = 'trade'
        ORDER BY event.event_time_ns DESC
        LIMIT 1
    ) AS newest ON true
) AS told
WHERE told.symbol = daily.symbol
  AND told.trading_date = daily.trading_date
  AND told.feed = daily.feed;

-- Whether a real market was watched that day; a file that was replayed may come from anywhere.
ALTER TABLE rollup.daily
    ADD COLUMN is_live boolean GENERATED ALWAYS AS (feed <> 'replay' AND is_synthetic IS NOT TRUE) STORED;
CREATE INDEX daily_played_idx ON rollup.daily (symbol) WHERE NOT is_live;

-- A symbol's series is of its live days; only one that was never watched in a real market has a series of the others.
CREATE FUNCTION rollup.has_live_day(of_symbol text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT EXISTS (SELECT FROM rollup.daily WHERE symbol = of_symbol AND is_live)
$$;

-- The symbols that have days of both kinds mixed them until now.
INSERT INTO ops.dirty_series AS dirty (symbol, from_date)
SELECT symbol, DATE '1900-01-01'
FROM rollup.daily
GROUP BY symbol
HAVING bool_or(is_live) AND bool_or(NOT is_live)
ON CONFLICT (symbol) DO UPDATE SET
    from_date = excluded.from_date,
    dirtied_at = now();

-- Of one day, the symbols and feeds that were read once more after the session was over, and which part of it. A sweep
-- reads the session in pieces; together they have to hold all of it.
CREATE FUNCTION ops.swept_ranges(of_date date) RETURNS TABLE (
    symbol text, feed text, covered tstzmultirange, market_at timestamptz
)
LANGUAGE sql STABLE AS $$
    SELECT
        watched.symbol,
        poll.feed,
        range_agg(tstzrange(poll.covered_from, poll.covered_until)),
        max(poll.market_at)
    FROM ops.poll
    CROSS JOIN LATERAL unnest(poll.symbols) AS watched (symbol)
    WHERE poll.trading_date = of_date
      AND poll.purpose = 'sweep'
      AND poll.endpoint = 'trades'
      AND poll.outcome IN ('ok', 'empty')
      AND poll.covered_from < poll.covered_until
    GROUP BY watched.symbol, poll.feed
$$;

CREATE INDEX poll_sweep_idx ON ops.poll (trading_date) WHERE purpose = 'sweep';

-- Null for an end that was taken before this column.
ALTER TABLE ops.sweep_end ADD COLUMN topic_id text;

COMMENT ON COLUMN rollup.daily.is_synthetic IS 'Whether a simulator played the day; null where nobody said.';
COMMENT ON COLUMN rollup.daily.is_live IS 'Whether a real market was watched that day: neither simulated nor replayed.';
COMMENT ON FUNCTION rollup.has_live_day(text) IS 'Whether a symbol was ever watched in a real market.';
COMMENT ON FUNCTION ops.swept_ranges(date) IS 'Which part of a session was read again after it, by symbol and feed.';
