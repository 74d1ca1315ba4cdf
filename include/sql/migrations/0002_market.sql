-- Facts. `market.event` holds the current version of each fact, `market.event_superseded` the older ones.
-- A version is (entity_id, event_id); the current one is the highest by (cancel > correct > new, received_at, event_id).

CREATE TABLE market.session (
    calendar      text        NOT NULL,
    trading_date  date        NOT NULL,
    pre_open_at   timestamptz NOT NULL,
    open_at       timestamptz NOT NULL,
    close_at      timestamptz NOT NULL,
    post_close_at timestamptz NOT NULL,
    PRIMARY KEY (calendar, trading_date),
    CHECK (pre_open_at <= open_at AND open_at < close_at AND close_at <= post_close_at)
);

-- Which symbol was watched, from which feed, on which day: the base of every coverage figure.
CREATE TABLE market.subscription (
    trading_date  date        NOT NULL,
    symbol        text        NOT NULL,
    feed          text        NOT NULL,
    calendar      text        NOT NULL,
    provider      text        NOT NULL,
    subscribed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (trading_date, symbol, feed),
    FOREIGN KEY (calendar, trading_date) REFERENCES market.session
);

CREATE TABLE market.event (
    trading_date     date           NOT NULL,
    entity_id        uuid           NOT NULL,
    event_id         uuid           NOT NULL,
    event_type       text           NOT NULL CHECK (event_type IN ('trade', 'quote', 'snapshot', 'bar', 'status')),
    action           text           NOT NULL CHECK (action IN ('new', 'correct', 'cancel', 'upsert')),
    provider         text           NOT NULL,
    endpoint         text           NOT NULL,
    feed             text           NOT NULL,
    symbol           text           NOT NULL,
    provider_symbol  text           NOT NULL,
    session_part     text           NOT NULL,
    event_at         timestamptz    NOT NULL,
    event_time_ns    bigint         NOT NULL,
    price            numeric(18, 6),
    size             numeric(24, 6),
    currency         text,
    exchange         text,
    tape             text,
    trade_id         text,
    sequence         text,
    trade_id_number  numeric(38, 0),
    sequence_number  numeric(38, 0),
    conditions       text[]         NOT NULL DEFAULT '{}',
    volume_scope     text,
    quality          text[]         NOT NULL DEFAULT '{}',
    detail           jsonb          NOT NULL DEFAULT '{}',
    extra            jsonb          NOT NULL DEFAULT '{}',
    bar_start        timestamptz,
    bar_session_part text,
    adds_volume      boolean,
    sets_high_low    boolean,
    sets_open_close  boolean,
    auction          text           CHECK (auction IN ('open', 'close', 'open_report', 'close_report')),
    synthetic        boolean        NOT NULL,
    delay_s          integer,
    requested_at     timestamptz    NOT NULL,
    received_at      timestamptz    NOT NULL,
    producer_id      text           NOT NULL,
    producer_seq     bigint         NOT NULL,
    kafka_topic      text           NOT NULL,
    kafka_partition  integer        NOT NULL,
    kafka_offset     bigint         NOT NULL,
    batch_id         bigint         NOT NULL,
    landed_at        timestamptz    NOT NULL DEFAULT now(),
    PRIMARY KEY (trading_date, entity_id)
) PARTITION BY RANGE (trading_date);

-- Bars and the last price are rebuilt from here: a minute is a range of event times.
CREATE INDEX event_time_idx ON market.event (symbol, feed, event_type, event_time_ns);

CREATE TABLE market.event_superseded (
    LIKE market.event INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    superseded_at       timestamptz NOT NULL DEFAULT now(),
    superseded_by       uuid        NOT NULL,
    superseded_batch_id bigint      NOT NULL,
    PRIMARY KEY (trading_date, entity_id, event_id)
);

CREATE TABLE market.bar_1m (
    symbol        text           NOT NULL,
    feed          text           NOT NULL,
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
    volume_scope  text           NOT NULL,
    version       integer        NOT NULL DEFAULT 1,
    first_batch_id bigint        NOT NULL,
    batch_id      bigint         NOT NULL,
    updated_at    timestamptz    NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, feed, bar_start, session_part)
);
CREATE INDEX bar_1m_day_idx ON market.bar_1m (trading_date, symbol);

-- The provider's own bars, current revision; older revisions are in market.event_superseded.
CREATE TABLE market.provider_bar (
    entity_id    uuid           PRIMARY KEY,
    event_id     uuid           NOT NULL,
    trading_date date           NOT NULL,
    provider     text           NOT NULL,
    feed         text           NOT NULL,
    symbol       text           NOT NULL,
    interval     text           NOT NULL,
    adjustment   text           NOT NULL,
    bar_start    timestamptz    NOT NULL,
    bar_end      timestamptz    NOT NULL,
    open         numeric(18, 6),
    high         numeric(18, 6),
    low          numeric(18, 6),
    close        numeric(18, 6),
    volume       numeric(24, 6),
    vwap         numeric(18, 6),
    trade_count  bigint,
    is_final     boolean,
    volume_scope text,
    revisions    integer        NOT NULL DEFAULT 1,
    updated_at   timestamptz    NOT NULL DEFAULT now()
);
CREATE INDEX provider_bar_day_idx ON market.provider_bar (trading_date, symbol, interval);

-- The newest price-setting trade and the newest quote of each symbol and feed.
CREATE TABLE market.latest (
    symbol             text           NOT NULL,
    feed               text           NOT NULL,
    price              numeric(18, 6),
    size               numeric(24, 6),
    trade_at           timestamptz,
    trade_time_ns      bigint,
    trade_event_id     uuid,
    trade_date         date,
    bid                numeric(18, 6),
    ask                numeric(18, 6),
    quote_at           timestamptz,
    quote_date         date,
    received_at        timestamptz,
    updated_at         timestamptz    NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, feed)
);

-- How far each symbol and feed has landed, in event time: what closes a bar.
CREATE TABLE market.feed_progress (
    symbol          text        NOT NULL,
    feed            text        NOT NULL,
    latest_event_at timestamptz NOT NULL,
    PRIMARY KEY (symbol, feed)
);

-- Partitions are made before a batch needs them. The table belongs to the owner, so the stream and the
-- maintenance job call this instead of holding DDL rights. Attaching takes a lock that lets inserts go on.
CREATE FUNCTION market.ensure_event_partition(wanted date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    name text := 'event_' || to_char(wanted, 'YYYYMMDD');
BEGIN
    IF wanted < DATE '1990-01-01' THEN
        RAISE EXCEPTION 'no partition before 1990: %', wanted;
    END IF;
    IF to_regclass('market.' || name) IS NOT NULL THEN
        RETURN name;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('market.event partition'));
    -- Not to_regclass again: it would answer from this session's cache, which a wait for the lock does not refresh.
    IF EXISTS (SELECT FROM pg_class WHERE relname = name AND relnamespace = 'market'::regnamespace) THEN
        RETURN name;
    END IF;
    EXECUTE format('CREATE TABLE market.%I (LIKE market.event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
    EXECUTE format('ALTER TABLE market.event ATTACH PARTITION market.%I FOR VALUES FROM (%L) TO (%L)', name, wanted, wanted + 1);
    RETURN name;
END;
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA market TO marketpulse_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA market TO marketpulse_operations;
GRANT INSERT, UPDATE ON market.session, market.subscription TO marketpulse_operations;
REVOKE ALL ON FUNCTION market.ensure_event_partition(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION market.ensure_event_partition(date) TO marketpulse_writer, marketpulse_operations;
