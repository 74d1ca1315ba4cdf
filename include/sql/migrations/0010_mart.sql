-- What the mart's dimensions stand on, and the indexes that its views need. The views themselves are the files of
-- include/sql/mart, which every run of the migrations brings up to date.

-- One row per calendar that anything here follows. The primary one is the setting's: it says what a trading day is.
CREATE TABLE market.calendar (
    calendar   text    PRIMARY KEY,
    time_zone  text    NOT NULL,
    is_primary boolean NOT NULL
);

-- Every day of full years, with the session that the exchange planned for it; `market.session` holds what was recorded.
CREATE TABLE market.calendar_day (
    calendar       text    NOT NULL REFERENCES market.calendar,
    calendar_date  date    NOT NULL,
    is_trading_day boolean NOT NULL,
    is_early_close boolean NOT NULL,
    pre_open_at    timestamptz,
    open_at        timestamptz,
    close_at       timestamptz,
    post_close_at  timestamptz,
    PRIMARY KEY (calendar, calendar_date),
    CHECK (is_trading_day = (open_at IS NOT NULL)),
    CHECK (is_trading_day OR NOT is_early_close)
);

-- include/symbols.csv. A symbol that passed to another company has a row for each, one after the other; a renamed one
-- says what it is called since.
CREATE TABLE market.symbol (
    symbol        text    NOT NULL,
    valid_from    date    NOT NULL,
    valid_to      date,
    name          text    NOT NULL,
    mic           text    NOT NULL,
    calendar      text    NOT NULL,
    currency      text    NOT NULL,
    sector        text    NOT NULL,
    is_fictitious boolean NOT NULL,
    renamed_to    text,
    PRIMARY KEY (symbol, valid_from),
    CHECK (valid_from <= valid_to)
);

-- Whether a simulated market was watched; null where it was written before this column.
ALTER TABLE market.subscription ADD COLUMN synthetic boolean;

-- How far behind the market the feed of the newest trade runs by contract; null where nobody says.
ALTER TABLE market.latest ADD COLUMN delay_s integer;

-- The day's index leads with the date; a symbol's history needs the other way round.
CREATE INDEX subscription_symbol_idx ON market.subscription (symbol, trading_date);

-- One symbol's history counts its restatements; the index by day cannot find them.
CREATE INDEX restatement_symbol_idx ON ops.restatement (symbol, trading_date);
CREATE INDEX dead_letter_open_idx ON ops.dead_letter (landed_at) WHERE status = 'open';

GRANT SELECT ON market.calendar, market.calendar_day, market.symbol TO marketpulse_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON market.calendar, market.calendar_day, market.symbol TO marketpulse_operations;
