-- What people do about dead letters. ops.dead_letter keeps what came, byte by byte; a correction, a replay and an
-- acceptance are rows of their own, and only `status` of the letter moves with them.

CREATE INDEX dead_letter_place_idx ON ops.dead_letter (kafka_topic, kafka_partition, kafka_offset);

-- A corrected record: a whole event of the contract. The newest one of a letter counts.
CREATE TABLE ops.dead_letter_fix (
    fix_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dead_letter_id uuid        NOT NULL REFERENCES ops.dead_letter,
    body           bytea       NOT NULL,
    fixed_by       text        NOT NULL,
    fixed_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX dead_letter_fix_letter_idx ON ops.dead_letter_fix (dead_letter_id);

-- An event that the broker acknowledged in a letter's place, with its numbers; written in the transaction that counts
-- it in ops.poll. The event is a version like any other: sent twice it lands once.
CREATE TABLE ops.dead_letter_replay (
    dead_letter_id uuid        PRIMARY KEY REFERENCES ops.dead_letter,
    fix_id         bigint      REFERENCES ops.dead_letter_fix,
    poll_id        bigint      NOT NULL REFERENCES ops.poll,
    producer_id    text        NOT NULL,
    partition      integer     NOT NULL,
    producer_seq   bigint      NOT NULL,
    trading_date   date        NOT NULL,
    entity_id      uuid        NOT NULL,
    event_id       uuid        NOT NULL,
    replayed_by    text        NOT NULL,
    replayed_at    timestamptz NOT NULL DEFAULT now()
);

-- A letter that a person gives up, and why.
CREATE TABLE ops.dead_letter_acceptance (
    dead_letter_id uuid        PRIMARY KEY REFERENCES ops.dead_letter,
    reason         text        NOT NULL,
    accepted_by    text        NOT NULL,
    accepted_at    timestamptz NOT NULL DEFAULT now()
);

-- Where the stream stopped because so many records were unusable that something must be set up wrongly. Nothing of the
-- batch from `next_offset` on landed; at `at_offset` the limit was reached. `source` says what most of the records
-- have in common.
CREATE TABLE ops.stream_stop (
    topic       text        NOT NULL,
    topic_id    text        NOT NULL,
    partition   integer     NOT NULL,
    next_offset bigint      NOT NULL,
    at_offset   bigint      NOT NULL,
    rule        text        NOT NULL,
    reason      text        NOT NULL,
    source      text        NOT NULL,
    stopped_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition, topic_id, next_offset)
);

-- A person's consent that the records before `until_offset` become dead letters, however many are unusable.
CREATE TABLE ops.dead_letter_consent (
    topic        text        NOT NULL,
    topic_id     text        NOT NULL,
    partition    integer     NOT NULL,
    from_offset  bigint      NOT NULL,
    until_offset bigint      NOT NULL,
    accepted_by  text        NOT NULL,
    accepted_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition, topic_id, from_offset, until_offset)
);

GRANT SELECT, INSERT, UPDATE ON ops.stream_stop, ops.dead_letter_consent TO marketpulse_writer;
GRANT SELECT ON ops.stream_stop, ops.dead_letter_consent TO marketpulse_operations;
GRANT SELECT, INSERT ON ops.dead_letter_fix, ops.dead_letter_replay, ops.dead_letter_acceptance TO marketpulse_operations;
GRANT SELECT ON ops.dead_letter_fix, ops.dead_letter_replay, ops.dead_letter_acceptance TO marketpulse_writer;
GRANT UPDATE (status) ON ops.dead_letter TO marketpulse_operations;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA ops TO marketpulse_operations;
