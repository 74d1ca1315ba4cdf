-- DuckDB. What one day is recomputed in. kind: what trades of one feed, part, tape and set of conditions may do. version:
-- all versions of facts that have more than one. partial: what one piece of the day adds to a bar. official: the prints
-- and reports of the day's auctions.

CREATE OR REPLACE TABLE kind (
    feed VARCHAR,
    session_part VARCHAR,
    conditions VARCHAR,
    tape VARCHAR,
    bar_part VARCHAR,
    adds_volume BOOLEAN,
    sets_high_low BOOLEAN,
    sets_open_close BOOLEAN,
    auction VARCHAR
);

CREATE OR REPLACE TABLE version (
    symbol VARCHAR,
    feed VARCHAR,
    session_part VARCHAR,
    conditions VARCHAR,
    tape VARCHAR,
    event_time_ns BIGINT,
    sequence_number DECIMAL(38, 0),
    trade_id_number DECIMAL(38, 0),
    entity_id VARCHAR,
    event_id VARCHAR,
    action VARCHAR,
    received_at VARCHAR,
    price DECIMAL(18, 6),
    size DECIMAL(24, 6),
    exchange VARCHAR,
    volume_scope VARCHAR
);

CREATE OR REPLACE TABLE partial (
    symbol VARCHAR,
    feed VARCHAR,
    session_part VARCHAR,
    start_min BIGINT,
    first STRUCT (ns BIGINT, sequence DECIMAL(38, 0), trade_id DECIMAL(38, 0), event_id UUID, price DECIMAL(18, 6)),
    last STRUCT (ns BIGINT, sequence DECIMAL(38, 0), trade_id DECIMAL(38, 0), event_id UUID, price DECIMAL(18, 6)),
    high DECIMAL(18, 6),
    low DECIMAL(18, 6),
    volume DECIMAL(38, 6),
    notional DECIMAL(38, 12),
    trade_count BIGINT,
    lowest_scope VARCHAR,
    highest_scope VARCHAR
);

CREATE OR REPLACE TABLE official (
    symbol VARCHAR,
    feed VARCHAR,
    auction VARCHAR,
    ordering STRUCT (ns BIGINT, sequence DECIMAL(38, 0), trade_id DECIMAL(38, 0), event_id UUID),
    price DECIMAL(18, 6),
    size DECIMAL(24, 6),
    exchange VARCHAR
);
