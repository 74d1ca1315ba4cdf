-- Where the contenders without our schema write: the fields of a trade as they are on the wire, no key, no index.
-- bench.trade_keyed is the same with the one key that an upsert needs.

CREATE SCHEMA bench;

CREATE TABLE bench.trade (
    schema_version       integer,
    event_type           text,
    entity_id            text,
    event_id             text,
    action               text,
    provider             text,
    endpoint             text,
    feed                 text,
    synthetic            boolean,
    symbol               text,
    provider_symbol      text,
    session_part         text,
    trading_date         date,
    event_at             timestamptz,
    event_time_ns        bigint,
    event_time_precision text,
    event_time_basis     text,
    requested_at         timestamptz,
    received_at          timestamptz,
    producer_id          text,
    producer_seq         bigint,
    currency             text,
    price                numeric(18, 6),
    size                 numeric(24, 6),
    trade_id             text,
    exchange             text,
    tape                 text,
    conditions           text,
    volume_scope         text
);

CREATE TABLE bench.trade_keyed (LIKE bench.trade, PRIMARY KEY (event_id));

CREATE UNLOGGED TABLE bench.trade_staging (LIKE bench.trade);

-- When the current run began.
CREATE TABLE bench.run (began_at timestamptz NOT NULL);
INSERT INTO bench.run VALUES ('-infinity')
