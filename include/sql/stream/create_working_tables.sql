-- The working tables of one sink connection, emptied by every commit and rollback.
-- touched: what the facts of a batch are about. incoming: its distinct versions, when some may be known.
-- contest: every version of a fact that has more than one.
-- changed: facts that got a version in this transaction. rebuilt_bar: their minutes, computed again from the events.

CREATE TEMP TABLE IF NOT EXISTS touched (
    symbol            text    NOT NULL,
    feed              text    NOT NULL,
    event_type        text    NOT NULL,
    trading_date      date    NOT NULL,
    advances_progress boolean NOT NULL,
    bar_session_part  text,
    minute            bigint,
    entity_id         uuid,
    latest_event_us   bigint  NOT NULL
) ON COMMIT DELETE ROWS;

CREATE TEMP TABLE IF NOT EXISTS incoming (
    LIKE market.event INCLUDING DEFAULTS,
    has_rival boolean NOT NULL
) ON COMMIT DELETE ROWS;

ALTER TABLE incoming ALTER COLUMN batch_id SET DEFAULT 0;

CREATE TEMP TABLE IF NOT EXISTS contest (
    trading_date   date        NOT NULL,
    entity_id      uuid        NOT NULL,
    event_id       uuid        NOT NULL,
    received_at    timestamptz NOT NULL,
    is_incoming    boolean     NOT NULL,
    was_current    boolean     NOT NULL,
    was_superseded boolean     NOT NULL,
    is_known_fact  boolean     NOT NULL,
    winner_id      uuid        NOT NULL,
    winner_action  text        NOT NULL
) ON COMMIT DELETE ROWS;

CREATE TEMP TABLE IF NOT EXISTS changed (
    symbol           text        NOT NULL,
    feed             text        NOT NULL,
    trading_date     date        NOT NULL,
    event_type       text        NOT NULL,
    entity_id        uuid,
    bar_start        timestamptz,
    bar_session_part text,
    cause_id         uuid,
    cause_action     text
) ON COMMIT DELETE ROWS;

CREATE TEMP TABLE IF NOT EXISTS rebuilt_bar (
    symbol       text           NOT NULL,
    feed         text           NOT NULL,
    bar_start    timestamptz    NOT NULL,
    session_part text           NOT NULL,
    trading_date date           NOT NULL,
    open         numeric(18, 6),
    high         numeric(18, 6),
    low          numeric(18, 6),
    close        numeric(18, 6),
    volume       numeric(24, 6),
    notional     numeric(38, 12),
    trade_count  bigint         NOT NULL,
    volume_scope text,
    old          jsonb,
    new          jsonb,
    is_closed    boolean        NOT NULL
) ON COMMIT DELETE ROWS
