-- Five years of computed days: sessions, subscriptions, days, series, periods, coverage; and two restatements a day of
-- the intraday sessions. Prices are smooth waves: what is measured is how rows are found, not what they say.
-- Parameters: symbols, days and sessions (how many of each), last_day.

-- Indexes come after the rows of the large tables.
SET maintenance_work_mem = '512MB';
ALTER TABLE market.subscription DROP CONSTRAINT subscription_calendar_trading_date_fkey, DROP CONSTRAINT subscription_pkey;
DROP INDEX market.subscription_symbol_idx;
ALTER TABLE rollup.coverage DROP CONSTRAINT coverage_pkey;
DROP INDEX rollup.coverage_date_idx;

INSERT INTO market.session (calendar, trading_date, pre_open_at, open_at, close_at, post_close_at)
SELECT calendar, calendar_date, pre_open_at, open_at, close_at, post_close_at
FROM market.calendar_day
WHERE calendar = 'XNYS'
  AND is_trading_day
  AND calendar_date <= %(last_day)s
ORDER BY calendar_date DESC
LIMIT %(days)s;

INSERT INTO market.subscription (trading_date, symbol, feed, calendar, provider, synthetic)
SELECT session.trading_date, 'S' || to_char(number, 'FM000'), 'sip', 'XNYS', 'alpaca', true
FROM market.session
CROSS JOIN generate_series(1, %(symbols)s) AS number
ORDER BY 1, 2;

ALTER TABLE market.subscription ADD PRIMARY KEY (trading_date, symbol, feed);
CREATE INDEX subscription_symbol_idx ON market.subscription (symbol, trading_date);

INSERT INTO rollup.daily (
    symbol, trading_date, feed, calendar, open, open_basis, high, low, close, close_basis, volume, notional,
    trade_count, volume_pre, volume_post, trade_count_pre, trade_count_post, volume_scope, previous_close,
    realised_volatility, minutes_expected, minutes_with_trades, minutes_covered, state, delay_s
)
SELECT
    watched.symbol,
    watched.trading_date,
    'sip',
    'XNYS',
    wave.price,
    'auction',
    wave.price + 1,
    wave.price - 1,
    wave.price + 0.5,
    'auction',
    1000000,
    1000000 * wave.price,
    5000,
    1000,
    1000,
    10,
    10,
    'consolidated',
    wave.price,
    0.01,
    390,
    385,
    388,
    'final',
    0
FROM market.subscription AS watched
CROSS JOIN LATERAL (
    SELECT
        round((100 + 20 * sin(hashtext(watched.symbol) + (watched.trading_date - DATE '2020-01-01') / 40))::numeric, 2)
            AS price
) AS wave
ORDER BY watched.trading_date, watched.symbol;

INSERT INTO rollup.daily_series (
    symbol, trading_date, feed, split_factor, factor_version, adj_open, adj_high, adj_low, adj_close, adj_volume,
    return_1d, total_return_1d, gap_pct, true_range, atr_14, sma_20, sma_50, sma_200, drawdown_pct, high_52w, low_52w
)
SELECT
    symbol, trading_date, feed, 1, 0, open, high, low, close, volume, 0.001, 0.001, 0.1, 2, 2, close, close, close, -3,
    121, 79
FROM rollup.daily
ORDER BY trading_date, symbol;

INSERT INTO rollup.period (
    symbol, period, period_start, period_end, feed, open, high, low, close, volume, notional, trade_count, sessions,
    return_pct, coverage_pct, state, volume_scope
)
SELECT
    symbol,
    span.period,
    date_trunc(span.period, trading_date::timestamp)::date,
    max(trading_date),
    'sip',
    min(open),
    max(high),
    min(low),
    max(close),
    sum(volume),
    sum(notional),
    sum(trade_count),
    count(*),
    0.5,
    99.5,
    'final',
    'consolidated'
FROM rollup.daily
CROSS JOIN (VALUES ('week'), ('month')) AS span (period)
GROUP BY symbol, span.period, 3;

-- Of each day two gaps, most of them without a trade, one in twenty of our own making.
INSERT INTO rollup.coverage (symbol, feed, trading_date, range_start, range_end, session_part, status, reason)
SELECT
    watched.symbol,
    watched.feed,
    watched.trading_date,
    session.open_at + run.from_min * INTERVAL '1 minute',
    least(session.open_at + run.until_min * INTERVAL '1 minute', session.close_at),
    'regular',
    CASE WHEN run.is_gap THEN 'missing' ELSE 'received' END,
    CASE
        WHEN run.is_gap AND abs(hashtext(watched.symbol || watched.trading_date)) %% 20 = 0 THEN 'our_outage'
        WHEN run.is_gap THEN 'no_trade'
    END
FROM market.subscription AS watched
JOIN market.session USING (calendar, trading_date)
CROSS JOIN (VALUES (0, 60, false), (60, 63, true), (63, 120, false), (120, 122, true), (122, 390, false))
    AS run (from_min, until_min, is_gap)
ORDER BY watched.trading_date, watched.symbol;

ALTER TABLE rollup.coverage ADD PRIMARY KEY (symbol, feed, trading_date, range_start);
CREATE INDEX coverage_date_idx ON rollup.coverage (trading_date, symbol);

INSERT INTO ops.stream_batch (
    batch_id, epoch, topic, topic_id, partition, first_offset, last_offset, records, landed, duplicate, superseding,
    dead_lettered, market_at
)
VALUES (1, 1, 'stock_analysis', 'bench', 0, 0, 0, 1, 1, 0, 0, 0, now());

INSERT INTO ops.restatement (
    symbol, feed, bar_start, session_part, trading_date, old, new, causes, batch_id, market_at, restated_at
)
SELECT
    watched.symbol,
    watched.feed,
    session.open_at + late.at_min * INTERVAL '1 minute',
    'regular',
    watched.trading_date,
    '{"open": 100, "high": 101, "low": 99, "close": 100.5, "volume": 1000, "vwap": 100, "trade_count": 9}',
    '{"open": 100, "high": 101, "low": 99, "close": 100.5, "volume": 1100, "vwap": 100, "trade_count": 10}',
    '[{"action": "new", "event_id": "e", "entity_id": "e"}]',
    1,
    session.close_at,
    session.close_at
FROM (SELECT * FROM market.session ORDER BY trading_date DESC LIMIT %(sessions)s) AS session
JOIN market.subscription AS watched USING (calendar, trading_date)
CROSS JOIN (VALUES (10), (200)) AS late (at_min)
ORDER BY watched.trading_date, watched.symbol;

INSERT INTO ops.check_result (check_name, trading_date, checked_at, offending, severity)
SELECT 'check_' || number, trading_date, post_close_at, 0, 'error'
FROM market.session
CROSS JOIN generate_series(1, 15) AS number;

INSERT INTO ops.health (checked_at, market_at, state, detail)
SELECT moment, moment, 'ok', '{"lags": [{"lag_records": 0, "lag_seconds": 0.2}]}'
FROM generate_series(now() - INTERVAL '7 days', now(), INTERVAL '1 minute') AS moment;
