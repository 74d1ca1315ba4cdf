-- Bookkeeping: every equation of `marketpulse prove` is computed from these rows.

-- One holder per name; a holder that cannot renew before `expires_at` has lost it.
CREATE TABLE ops.lease (
    name        text        PRIMARY KEY,
    holder      text        NOT NULL,
    token       uuid        NOT NULL,
    acquired_at timestamptz NOT NULL,
    renewed_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);

CREATE TABLE ops.producer_run (
    producer_id  text        PRIMARY KEY,
    provider     text        NOT NULL,
    feed         text        NOT NULL,
    calendar     text        NOT NULL,
    trading_date date        NOT NULL,
    symbols      text[]      NOT NULL,
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    outcome      text
);

-- Everything before `next_at` (market time) was acknowledged by the broker.
CREATE TABLE ops.cursor (
    provider     text        NOT NULL,
    feed         text        NOT NULL,
    endpoint     text        NOT NULL,
    symbol       text        NOT NULL,
    trading_date date        NOT NULL,
    next_at      timestamptz NOT NULL,
    poll_id      bigint      NOT NULL,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, feed, endpoint, symbol, trading_date)
);

-- One row per request cycle, written in the transaction that moves the cursor.
-- records = events (published now) + repeated (same version acknowledged earlier by this run) + rejected (dead-lettered).
CREATE TABLE ops.poll (
    poll_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    producer_id   text        NOT NULL REFERENCES ops.producer_run,
    provider      text        NOT NULL,
    feed          text        NOT NULL,
    endpoint      text        NOT NULL,
    purpose       text        NOT NULL CHECK (purpose IN ('poll', 'sweep', 'replay')),
    trading_date  date        NOT NULL,
    symbols       text[]      NOT NULL,
    request       text        NOT NULL,
    covered_from  timestamptz,
    covered_until timestamptz,
    requested_at  timestamptz NOT NULL,
    received_at   timestamptz NOT NULL,
    market_at     timestamptz NOT NULL,
    outcome       text        NOT NULL,
    http_status   integer,
    pages         integer     NOT NULL,
    records       bigint      NOT NULL,
    events        bigint      NOT NULL,
    repeated      bigint      NOT NULL,
    rejected      bigint      NOT NULL,
    highest_seq   jsonb       NOT NULL DEFAULT '{}',
    CHECK (records = events + repeated + rejected)
);
CREATE INDEX poll_day_idx ON ops.poll (trading_date, endpoint);
CREATE INDEX poll_producer_idx ON ops.poll (producer_id);

-- Which run of a stream may commit.
CREATE TABLE ops.stream_run (
    stream     text        PRIMARY KEY,
    epoch      bigint      NOT NULL,
    run_id     uuid        NOT NULL,
    host       text        NOT NULL,
    pid        integer     NOT NULL,
    app_id     text,
    started_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL
);

CREATE TABLE ops.stream_ledger (
    topic          text        NOT NULL,
    partition      integer     NOT NULL,
    topic_id       text        NOT NULL,
    next_offset    bigint      NOT NULL,
    last_record_at timestamptz,
    epoch          bigint      NOT NULL,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition)
);

-- One row per committed transaction of the sink. Offsets of a partition follow each other without a hole.
CREATE SEQUENCE ops.stream_batch_id;
CREATE TABLE ops.stream_batch (
    batch_id      bigint      PRIMARY KEY,
    epoch         bigint      NOT NULL,
    topic         text        NOT NULL,
    partition     integer     NOT NULL,
    first_offset  bigint      NOT NULL,
    last_offset   bigint      NOT NULL,
    records       bigint      NOT NULL,
    landed        bigint      NOT NULL,
    duplicate     bigint      NOT NULL,
    superseding   bigint      NOT NULL,
    dead_lettered bigint      NOT NULL,
    market_at     timestamptz NOT NULL,
    committed_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (topic, partition, first_offset),
    CHECK (records = last_offset - first_offset + 1),
    CHECK (records = landed + duplicate + superseding + dead_lettered)
);

CREATE TABLE ops.stream_batch_source (
    batch_id      bigint NOT NULL REFERENCES ops.stream_batch,
    provider      text   NOT NULL,
    producer_id   text   NOT NULL,
    records       bigint NOT NULL,
    landed        bigint NOT NULL,
    duplicate     bigint NOT NULL,
    superseding   bigint NOT NULL,
    dead_lettered bigint NOT NULL,
    lowest_seq    bigint,
    highest_seq   bigint,
    PRIMARY KEY (batch_id, provider, producer_id),
    CHECK (records = landed + duplicate + superseding + dead_lettered)
);
CREATE INDEX stream_batch_source_producer_idx ON ops.stream_batch_source (producer_id);

-- The one store of dead letters that people see: what the producer could not represent and what the stream could not read.
CREATE TABLE ops.dead_letter (
    dead_letter_id  uuid        PRIMARY KEY,
    kafka_topic     text        NOT NULL,
    kafka_partition integer     NOT NULL,
    kafka_offset    bigint      NOT NULL,
    batch_id        bigint      NOT NULL,
    reason          text        NOT NULL,
    detail          text        NOT NULL,
    provider        text,
    endpoint        text,
    feed            text,
    symbol          text,
    request         text,
    body            bytea       NOT NULL,
    received_at     timestamptz,
    producer_id     text,
    producer_seq    bigint,
    status          text        NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'replayed', 'accepted')),
    landed_at       timestamptz NOT NULL DEFAULT now()
);

-- One row per closed bar and transaction that changed it. `old` is null when the bar did not exist, `new` when it no longer does.
CREATE TABLE ops.restatement (
    restatement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    symbol         text        NOT NULL,
    feed           text        NOT NULL,
    bar_start      timestamptz NOT NULL,
    session_part   text        NOT NULL,
    trading_date   date        NOT NULL,
    old            jsonb,
    new            jsonb,
    causes         jsonb       NOT NULL,
    batch_id       bigint      NOT NULL REFERENCES ops.stream_batch DEFERRABLE INITIALLY DEFERRED,
    market_at      timestamptz NOT NULL,
    restated_at    timestamptz NOT NULL DEFAULT now(),
    CHECK (old IS DISTINCT FROM new)
);
CREATE INDEX restatement_day_idx ON ops.restatement (trading_date, symbol);

-- A day whose rollup must be recomputed. A recomputation removes the row only at the revision it read.
CREATE TABLE ops.dirty_day (
    symbol       text        NOT NULL,
    trading_date date        NOT NULL,
    revision     bigint      NOT NULL DEFAULT 1,
    dirtied_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, trading_date)
);

CREATE TABLE ops.alert (
    alert_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dedup_key   text        NOT NULL,
    severity    text        NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    state       text        NOT NULL CHECK (state IN ('firing', 'resolved')),
    summary     text        NOT NULL,
    action      text        NOT NULL,
    source      jsonb       NOT NULL DEFAULT '{}',
    occurrences integer     NOT NULL DEFAULT 1,
    raised_at   timestamptz NOT NULL DEFAULT now(),
    last_at     timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz
);
CREATE UNIQUE INDEX alert_firing_idx ON ops.alert (dedup_key) WHERE state = 'firing';

CREATE TABLE ops.alert_delivery (
    alert_id     bigint      NOT NULL REFERENCES ops.alert,
    attempted_at timestamptz NOT NULL DEFAULT now(),
    channel      text        NOT NULL,
    delivered    boolean     NOT NULL,
    error        text
);

CREATE TABLE ops.health (
    checked_at timestamptz PRIMARY KEY DEFAULT now(),
    market_at  timestamptz NOT NULL,
    state      text        NOT NULL CHECK (state IN ('ok', 'warning', 'critical', 'closed')),
    detail     jsonb       NOT NULL
);

CREATE TABLE ops.proof (
    proof_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    proved_at timestamptz NOT NULL DEFAULT now(),
    date_from date,
    date_to   date,
    balanced  boolean     NOT NULL,
    equations jsonb       NOT NULL
);

CREATE TABLE ops.check_result (
    check_name   text        NOT NULL,
    trading_date date        NOT NULL,
    checked_at   timestamptz NOT NULL DEFAULT now(),
    offending    bigint      NOT NULL,
    sample       jsonb       NOT NULL DEFAULT '[]',
    PRIMARY KEY (check_name, trading_date, checked_at)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON ops.stream_run, ops.stream_ledger, ops.stream_batch, ops.stream_batch_source,
    ops.dead_letter, ops.restatement, ops.dirty_day TO marketpulse_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA ops TO marketpulse_writer, marketpulse_operations;
GRANT INSERT, UPDATE, DELETE ON ops.lease, ops.producer_run, ops.cursor, ops.poll, ops.dirty_day, ops.alert, ops.alert_delivery,
    ops.health, ops.proof, ops.check_result TO marketpulse_operations;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA ops TO marketpulse_writer, marketpulse_operations;
