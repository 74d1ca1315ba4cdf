-- What analysts read beside the raw day: intraday bars, the split-adjusted series, weeks and months, and how far a day
-- may be trusted. Like rollup.daily all of it follows from stored facts and can be dropped and computed again.

-- Which feed is shown where several have the same figure; the setting MARKETPULSE_FEED_ORDER replaces these rows.
CREATE TABLE market.feed_preference (
    feed text    PRIMARY KEY,
    rank integer NOT NULL UNIQUE
);
INSERT INTO market.feed_preference (feed, rank)
VALUES ('sip', 1), ('delayed_sip', 2), ('iex', 3), ('tape', 4), ('replay', 5), ('round_the_clock', 6);

-- Splits and cash dividends, every version that was ever told; a factor is always computed from the current ones.
-- `split_to` new shares stand for `split_from` old ones; a 1 for 1 split or a dividend of 0 withdraws an earlier version.
CREATE TABLE market.corporate_action (
    symbol      text        NOT NULL,
    ex_date     date        NOT NULL,
    action_type text        NOT NULL CHECK (action_type IN ('split', 'cash_dividend')),
    version     integer     NOT NULL DEFAULT 1 CHECK (version > 0),
    split_from  numeric(18, 6),
    split_to    numeric(18, 6),
    cash_amount numeric(18, 6),
    currency    text,
    source      text        NOT NULL,
    is_current  boolean     NOT NULL DEFAULT true,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, ex_date, action_type, version),
    CHECK (
        CASE action_type
            WHEN 'split' THEN split_from > 0 AND split_to > 0 AND cash_amount IS NULL
            ELSE cash_amount >= 0 AND currency IS NOT NULL AND split_from IS NULL AND split_to IS NULL
        END IS TRUE
    )
);
CREATE UNIQUE INDEX corporate_action_current_idx ON market.corporate_action (symbol, ex_date, action_type) WHERE is_current;

CREATE AGGREGATE market.product (numeric) (
    SFUNC = numeric_mul,
    STYPE = numeric,
    INITCOND = '1',
    PARALLEL = SAFE
);

-- What a price of `after_date` is multiplied with to compare it with one of `until_date`; 1 without a split between.
CREATE FUNCTION market.split_factor(of_symbol text, after_date date, until_date date) RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT market.product(split_from) / market.product(split_to)
    FROM market.corporate_action
    WHERE symbol = of_symbol
      AND action_type = 'split'
      AND is_current
      AND ex_date > after_date
      AND ex_date <= until_date
$$;

ALTER TABLE rollup.daily
    -- provisional until everything that could be known has been computed and proved; restated after any later change.
    ADD COLUMN state         text        NOT NULL DEFAULT 'provisional'
        CHECK (state IN ('provisional', 'final', 'restated')),
    ADD COLUMN version       integer     NOT NULL DEFAULT 1,
    ADD COLUMN finalised_at  timestamptz,
    -- By how much the feed is late on purpose: that of the day's last trade.
    ADD COLUMN delay_s       integer,
    -- The calendar's sessions around this one, recorded or not.
    ADD COLUMN previous_date date,
    ADD COLUMN next_date     date,
    -- An exchange has some 252 sessions a year, a market that never closes has 365.
    ADD COLUMN realised_volatility_annual numeric(18, 10) GENERATED ALWAYS AS (
        round(realised_volatility * sqrt(CASE WHEN calendar = '24/7' THEN 365 ELSE 252 END::numeric), 10)
    ) STORED;
CREATE INDEX daily_provisional_idx ON rollup.daily (trading_date) WHERE state = 'provisional';

CREATE TABLE rollup.bar (
    symbol        text           NOT NULL,
    feed          text           NOT NULL,
    interval_min  smallint       NOT NULL CHECK (interval_min IN (5, 15, 60)),
    bar_start     timestamptz    NOT NULL,
    session_part  text           NOT NULL CHECK (session_part IN ('pre', 'regular', 'post')),
    trading_date  date           NOT NULL,
    open          numeric(18, 6),
    high          numeric(18, 6),
    low           numeric(18, 6),
    close         numeric(18, 6),
    volume        numeric(24, 6) NOT NULL,
    notional      numeric(38, 12) NOT NULL,
    vwap          numeric(18, 6) GENERATED ALWAYS AS (round(notional / nullif(volume, 0), 6)) STORED,
    trade_count   bigint         NOT NULL,
    minutes_with_trades integer  NOT NULL,
    -- One of its minutes changed after it was closed.
    is_restated   boolean        NOT NULL,
    -- Of the feeds that have this bar, the one that comes first in market.feed_preference.
    is_preferred  boolean        NOT NULL,
    volume_scope  text           NOT NULL,
    computed_at   timestamptz    NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, feed, interval_min, bar_start, session_part)
);
CREATE INDEX bar_day_idx ON rollup.bar (trading_date, symbol);

-- One row per symbol and day, of the feed that covered the day best. Prices and volumes are split-adjusted to the
-- newest recorded day; fractions end in _1d, percentages in _pct.
CREATE TABLE rollup.daily_series (
    symbol          text           NOT NULL,
    trading_date    date           NOT NULL,
    feed            text           NOT NULL,
    split_factor    numeric        NOT NULL,
    -- How many versions of splits had been told for the symbol when this was computed.
    factor_version  integer        NOT NULL,
    adj_open        numeric(18, 6),
    adj_high        numeric(18, 6),
    adj_low         numeric(18, 6),
    adj_close       numeric(18, 6),
    adj_volume      numeric(24, 6) NOT NULL,
    return_1d       numeric(18, 8),
    total_return_1d numeric(18, 8),
    gap_pct         numeric(18, 6),
    true_range      numeric(18, 6),
    atr_14          numeric(18, 6),
    sma_20          numeric(18, 6),
    sma_50          numeric(18, 6),
    sma_200         numeric(18, 6),
    drawdown_pct    numeric(18, 6),
    high_52w        numeric(18, 6),
    low_52w         numeric(18, 6),
    computed_at     timestamptz    NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, trading_date)
);
CREATE INDEX daily_series_date_idx ON rollup.daily_series (trading_date);

-- Weeks (from Monday) and months of the feed that covered the period best; split-adjusted like the series.
CREATE TABLE rollup.period (
    symbol       text           NOT NULL,
    period       text           NOT NULL CHECK (period IN ('week', 'month')),
    period_start date           NOT NULL,
    period_end   date           NOT NULL,
    feed         text           NOT NULL,
    open         numeric(18, 6),
    high         numeric(18, 6),
    low          numeric(18, 6),
    close        numeric(18, 6),
    -- Null when the feed changed its volume scope inside the period: such volumes do not add up.
    volume       numeric(28, 6),
    notional     numeric(38, 12),
    vwap         numeric(18, 6) GENERATED ALWAYS AS (round(notional / nullif(volume, 0), 6)) STORED,
    trade_count  bigint         NOT NULL,
    sessions     integer        NOT NULL,
    return_pct   numeric(18, 6),
    coverage_pct numeric(5, 2),
    state        text           NOT NULL CHECK (state IN ('provisional', 'final', 'restated')),
    volume_scope text,
    computed_at  timestamptz    NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, period, period_start)
);

-- From which day on a symbol's series and periods no longer follow from its days and its corporate actions.
CREATE TABLE ops.dirty_series (
    symbol     text        PRIMARY KEY,
    from_date  date        NOT NULL,
    dirtied_at timestamptz NOT NULL DEFAULT now()
);

-- Where Kafka's topics ended after a day's newest sweep: a day is final only when the stream's ledger has passed them.
CREATE TABLE ops.sweep_end (
    trading_date date        NOT NULL,
    feed         text        NOT NULL,
    topic        text        NOT NULL,
    partition    integer     NOT NULL,
    poll_id      bigint      NOT NULL,
    end_offset   bigint      NOT NULL,
    taken_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (trading_date, feed, topic, partition)
);

-- Wilder's average true range over 14 days: the mean of the first 14, from then on (13 * before + today) / 14, rounded
-- at each step so that going on from a stored value gives what computing from the start gives. State: days, sum or mean.
CREATE FUNCTION rollup.wilder_step(state numeric[], true_range numeric, stored numeric) RETURNS numeric[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF state IS NULL THEN
        state := CASE WHEN stored IS NULL THEN ARRAY[0, 0] ELSE ARRAY[14, stored] END;
    END IF;
    IF true_range IS NULL THEN
        RETURN state;
    ELSIF state[1] >= 14 THEN
        RETURN ARRAY[14, round((13 * state[2] + true_range) / 14, 6)];
    ELSIF state[1] = 13 THEN
        RETURN ARRAY[14, round((state[2] + true_range) / 14, 6)];
    END IF;
    RETURN ARRAY[state[1] + 1, state[2] + true_range];
END;
$$;

CREATE FUNCTION rollup.wilder_value(state numeric[]) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT CASE WHEN state[1] >= 14 THEN state[2] END $$;

-- (true range, value stored before the first row or null)
CREATE AGGREGATE rollup.average_true_range_14 (numeric, numeric) (
    SFUNC = rollup.wilder_step,
    STYPE = numeric[],
    FINALFUNC = rollup.wilder_value
);

GRANT SELECT, INSERT, UPDATE, DELETE ON rollup.bar, rollup.daily_series, rollup.period TO marketpulse_operations;
GRANT SELECT, INSERT, UPDATE, DELETE ON market.feed_preference, market.corporate_action, ops.dirty_series, ops.sweep_end
    TO marketpulse_operations;

-- The new columns and tables fill when the days are computed again. Days whose events are gone keep what they have.
INSERT INTO ops.dirty_day (symbol, trading_date)
SELECT DISTINCT symbol, trading_date
FROM rollup.daily
WHERE NOT EXISTS (SELECT FROM ops.sealed_day WHERE sealed_day.trading_date = daily.trading_date)
ON CONFLICT DO NOTHING;
INSERT INTO ops.dirty_series (symbol, from_date)
SELECT symbol, min(trading_date)
FROM rollup.daily
GROUP BY symbol;
