-- Sixty sessions of intraday rows: one-minute bars of the regular part, and the bars of 5, 15 and 60 minutes above
-- them; for one symbol in ten also those of a second feed. Parameters: sessions, how many. Indexes come after the rows.

SET maintenance_work_mem = '512MB';
ALTER TABLE market.bar_1m DROP CONSTRAINT bar_1m_pkey;
DROP INDEX market.bar_1m_day_idx;
ALTER TABLE rollup.bar DROP CONSTRAINT bar_pkey;
DROP INDEX rollup.bar_day_idx;

INSERT INTO market.bar_1m (
    symbol, feed, bar_start, session_part, trading_date, open, high, low, close, volume, notional, trade_count,
    volume_scope, first_batch_id, batch_id
)
SELECT
    watched.symbol,
    feed.feed,
    minute.started_at,
    'regular',
    watched.trading_date,
    day.open,
    day.high,
    day.low,
    day.close,
    2500,
    2500 * day.open,
    12,
    feed.volume_scope,
    1,
    1
FROM (SELECT * FROM market.session ORDER BY trading_date DESC LIMIT %(sessions)s) AS session
JOIN market.subscription AS watched USING (calendar, trading_date)
JOIN rollup.daily AS day USING (symbol, trading_date)
CROSS JOIN LATERAL generate_series(session.open_at, session.close_at - INTERVAL '1 minute', INTERVAL '1 minute')
    AS minute (started_at)
JOIN (VALUES ('sip', 'consolidated'), ('iex', 'venue_iex')) AS feed (feed, volume_scope)
    ON feed.feed = 'sip' OR right(watched.symbol, 1) = '0';

ALTER TABLE market.bar_1m ADD PRIMARY KEY (symbol, feed, bar_start, session_part);
CREATE INDEX bar_1m_day_idx ON market.bar_1m (trading_date, symbol);

INSERT INTO rollup.bar (
    symbol, feed, interval_min, bar_start, session_part, trading_date, open, high, low, close, volume, notional,
    trade_count, minutes_with_trades, is_restated, is_preferred, volume_scope
)
SELECT
    watched.symbol,
    feed.feed,
    length.minutes,
    bar.started_at,
    'regular',
    watched.trading_date,
    day.open,
    day.high,
    day.low,
    day.close,
    2500 * length.minutes,
    2500 * length.minutes * day.open,
    12 * length.minutes,
    length.minutes,
    false,
    feed.feed = 'sip',
    feed.volume_scope
FROM (SELECT * FROM market.session ORDER BY trading_date DESC LIMIT %(sessions)s) AS session
JOIN market.subscription AS watched USING (calendar, trading_date)
JOIN rollup.daily AS day USING (symbol, trading_date)
CROSS JOIN (VALUES (5), (15), (60)) AS length (minutes)
CROSS JOIN LATERAL generate_series(
    session.open_at, session.close_at - INTERVAL '1 minute', make_interval(mins => length.minutes)
) AS bar (started_at)
JOIN (VALUES ('sip', 'consolidated'), ('iex', 'venue_iex')) AS feed (feed, volume_scope)
    ON feed.feed = 'sip' OR right(watched.symbol, 1) = '0';

ALTER TABLE rollup.bar ADD PRIMARY KEY (symbol, feed, interval_min, bar_start, session_part);
CREATE INDEX bar_day_idx ON rollup.bar (trading_date, symbol);

INSERT INTO market.latest (symbol, feed, price, size, trade_at, trade_time_ns, trade_date, bid, ask, quote_at, delay_s)
SELECT symbol, feed, close, 100, bar_start, extract(epoch FROM bar_start) * 1000000000, trading_date, close, close,
    bar_start, 0
FROM (SELECT DISTINCT ON (symbol, feed) * FROM market.bar_1m ORDER BY symbol, feed, bar_start DESC) AS newest;

INSERT INTO market.feed_progress (symbol, feed, latest_event_at)
SELECT symbol, feed, trade_at
FROM market.latest;
