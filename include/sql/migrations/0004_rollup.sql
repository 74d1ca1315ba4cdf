-- Computed days and the face for BI. A rollup is a function of the facts: every row can be dropped and computed again.

CREATE TABLE rollup.daily (
    symbol              text           NOT NULL,
    trading_date        date           NOT NULL,
    feed                text           NOT NULL,
    calendar            text,
    open                numeric(18, 6),
    open_basis          text           CHECK (open_basis IN ('auction', 'report', 'trade')),
    high                numeric(18, 6),
    low                 numeric(18, 6),
    close               numeric(18, 6),
    close_basis         text           CHECK (close_basis IN ('auction', 'report', 'trade')),
    -- The regular part, auctions included.
    volume              numeric(24, 6) NOT NULL,
    notional            numeric(38, 12) NOT NULL,
    vwap                numeric(18, 6) GENERATED ALWAYS AS (round(notional / nullif(volume, 0), 6)) STORED,
    trade_count         bigint         NOT NULL,
    volume_pre          numeric(24, 6) NOT NULL,
    volume_post         numeric(24, 6) NOT NULL,
    trade_count_pre     bigint         NOT NULL,
    trade_count_post    bigint         NOT NULL,
    volume_scope        text,
    -- The close of the calendar's session before; null when that day was not recorded.
    previous_close      numeric(18, 6),
    return_1d           numeric(18, 8) GENERATED ALWAYS AS (round(close / nullif(previous_close, 0) - 1, 8)) STORED,
    -- Root of the sum of squared 5-minute log returns of the regular part, not annualised.
    realised_volatility numeric(18, 10),
    -- Minutes of the regular part; null without a subscription, because then nothing was promised.
    minutes_expected    integer,
    minutes_with_trades integer        NOT NULL,
    minutes_covered     integer,
    coverage_pct        numeric(5, 2)  GENERATED ALWAYS AS (round(100.0 * minutes_covered / nullif(minutes_expected, 0), 2)) STORED,
    -- The newest poll that the coverage saw.
    poll_id             bigint,
    computed_at         timestamptz    NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, trading_date, feed)
);
CREATE INDEX daily_date_idx ON rollup.daily (trading_date);

-- Rollups ask which days were polled lately; poll rows only ever append.
CREATE INDEX poll_received_idx ON ops.poll USING brin (received_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON rollup.daily TO marketpulse_operations;

-- One row per symbol and trading day: the feed that covered it best, then the wider one.
CREATE VIEW mart.fact_daily AS
SELECT DISTINCT ON (daily.symbol, daily.trading_date)
    daily.symbol,
    daily.trading_date,
    daily.feed,
    daily.calendar,
    daily.open,
    daily.high,
    daily.low,
    daily.close,
    daily.volume,
    daily.notional,
    daily.vwap,
    daily.trade_count,
    daily.volume_pre,
    daily.volume_post,
    daily.trade_count_pre,
    daily.trade_count_post,
    daily.volume_scope,
    daily.previous_close,
    daily.return_1d,
    daily.realised_volatility,
    daily.minutes_expected,
    daily.minutes_with_trades,
    daily.minutes_covered,
    daily.coverage_pct,
    daily.open_basis,
    daily.close_basis,
    daily.computed_at
FROM rollup.daily
ORDER BY
    daily.symbol,
    daily.trading_date,
    daily.coverage_pct DESC NULLS LAST,
    array_position(ARRAY['sip', 'delayed_sip', 'iex', 'tape', 'round_the_clock'], daily.feed) NULLS LAST,
    daily.feed;

CREATE VIEW mart.fact_bar_1m AS
SELECT
    bar.symbol,
    bar.feed,
    bar.trading_date,
    bar.bar_start,
    bar.session_part,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    bar.notional,
    bar.vwap,
    bar.trade_count,
    bar.volume_scope,
    bar.version,
    bar.updated_at
FROM market.bar_1m AS bar;

CREATE VIEW mart.latest AS
SELECT
    latest.symbol,
    latest.feed,
    latest.price,
    latest.size,
    latest.trade_at,
    latest.bid,
    latest.ask,
    latest.quote_at,
    progress.latest_event_at,
    latest.received_at,
    latest.updated_at
FROM market.latest
LEFT JOIN market.feed_progress AS progress USING (symbol, feed);

-- Every symbol that was ever watched or has a computed day.
CREATE VIEW mart.dim_symbol AS
SELECT
    known.symbol,
    min(known.trading_date) AS first_trading_date,
    max(known.trading_date) AS last_trading_date,
    array_agg(DISTINCT known.feed ORDER BY known.feed) AS feeds,
    max(known.calendar) AS calendar
FROM (
    SELECT symbol, trading_date, feed, calendar FROM market.subscription
    UNION
    SELECT symbol, trading_date, feed, calendar FROM rollup.daily
) AS known
GROUP BY known.symbol;

CREATE VIEW mart.dim_session AS
SELECT
    session.calendar,
    session.trading_date,
    session.pre_open_at,
    session.open_at,
    session.close_at,
    session.post_close_at,
    (extract(epoch FROM session.close_at - session.open_at) / 60)::integer AS regular_minutes
FROM market.session;

-- Every calendar day of every year that holds a recorded session: BI date tables may have no hole.
CREATE VIEW mart.dim_date AS
SELECT
    day.trading_date,
    extract(year FROM day.trading_date)::integer AS year,
    extract(quarter FROM day.trading_date)::integer AS quarter,
    extract(month FROM day.trading_date)::integer AS month,
    to_char(day.trading_date, 'YYYY-MM') AS year_month,
    to_char(day.trading_date, 'Mon') AS month_name,
    extract(isodow FROM day.trading_date)::integer AS weekday,
    to_char(day.trading_date, 'Dy') AS weekday_name,
    EXISTS (SELECT FROM market.session WHERE session.trading_date = day.trading_date) AS is_recorded
FROM (
    SELECT generate_series(
        date_trunc('year', min(session.trading_date)::timestamp),
        date_trunc('year', max(session.trading_date)::timestamp) + INTERVAL '1 year - 1 day',
        INTERVAL '1 day'
    )::date AS trading_date
    FROM market.session
) AS day;

CREATE VIEW mart.fact_restatement AS
SELECT
    restatement.restatement_id,
    restatement.symbol,
    restatement.feed,
    restatement.trading_date,
    restatement.bar_start,
    restatement.session_part,
    (restatement.old ->> 'close')::numeric(18, 6) AS old_close,
    (restatement.new ->> 'close')::numeric(18, 6) AS new_close,
    (restatement.old ->> 'volume')::numeric(24, 6) AS old_volume,
    (restatement.new ->> 'volume')::numeric(24, 6) AS new_volume,
    (restatement.old ->> 'vwap')::numeric(18, 6) AS old_vwap,
    (restatement.new ->> 'vwap')::numeric(18, 6) AS new_vwap,
    (restatement.old ->> 'trade_count')::bigint AS old_trade_count,
    (restatement.new ->> 'trade_count')::bigint AS new_trade_count,
    jsonb_array_length(CASE jsonb_typeof(restatement.causes) WHEN 'array' THEN restatement.causes ELSE '[]' END)
        AS cause_count,
    restatement.market_at,
    restatement.restated_at
FROM ops.restatement;

GRANT SELECT ON ALL TABLES IN SCHEMA mart TO marketpulse_reader, marketpulse_operations;
ALTER DEFAULT PRIVILEGES IN SCHEMA mart GRANT SELECT ON TABLES TO marketpulse_reader, marketpulse_operations;
