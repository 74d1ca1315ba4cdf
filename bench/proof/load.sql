-- One trading day of made-up trades as the stream leaves it: `trades` of `symbols`, a few of them busy and most of them
-- quiet (cubed draw), in the order of their times, with odd lots, opening and closing prints and official reports; a
-- cancelled trade in a thousand keeps its older version. Bars are what one statement makes of them. Parameters:
-- trading_date, open_at, close_at, symbols, trades, batch_trades (how many trades a batch of the sink holds), first_batch
-- and first_offset (where the day begins).

SELECT market.ensure_event_partition(%(trading_date)s);

SELECT setseed(0.5);

INSERT INTO market.session (calendar, trading_date, pre_open_at, open_at, close_at, post_close_at)
VALUES (
    'XNYS', %(trading_date)s, %(open_at)s::timestamptz - INTERVAL '330 minutes', %(open_at)s, %(close_at)s,
    %(close_at)s::timestamptz + INTERVAL '4 hours'
);

INSERT INTO market.subscription (trading_date, symbol, feed, calendar, provider)
SELECT %(trading_date)s, 'S' || lpad(number::text, 3, '0'), 'sip', 'XNYS', 'alpaca'
FROM generate_series(1, %(symbols)s) AS listed (number);

INSERT INTO ops.producer_run (producer_id, provider, feed, calendar, trading_date, symbols, started_at)
VALUES ('p-' || %(trading_date)s, 'alpaca', 'sip', 'XNYS', %(trading_date)s, '{}', %(open_at)s);

INSERT INTO ops.poll (
    producer_id, provider, feed, endpoint, purpose, trading_date, symbols, request, covered_from, covered_until,
    requested_at, received_at, market_at, outcome, pages, records, events, repeated, rejected, highest_seq
)
VALUES (
    'p-' || %(trading_date)s, 'alpaca', 'sip', 'trades', 'sweep', %(trading_date)s, '{}', '/v2/stocks/trades',
    %(open_at)s::timestamptz - INTERVAL '330 minutes', %(close_at)s::timestamptz + INTERVAL '4 hours', %(close_at)s,
    %(close_at)s, %(close_at)s, 'ok', 1, %(trades)s, %(trades)s, 0, 0, jsonb_build_object('stock_analysis/0', %(trades)s)
);

-- Indexes are built in one go behind the rows.
ALTER TABLE market.event DROP CONSTRAINT event_pkey;
DROP INDEX market.event_time_idx;
DROP INDEX market.event_auction_idx;

CREATE TEMP TABLE drawn ON COMMIT DROP AS
SELECT
    number,
    1 + floor(%(symbols)s * power(random(), 3))::integer AS symbol_number,
    random() AS condition_draw,
    round((20 + random() * 400)::numeric, 2) AS price,
    (1 + floor(random() * 900))::numeric AS size,
    extract(epoch FROM %(open_at)s::timestamptz)::bigint * 1000000000
        + (extract(epoch FROM %(close_at)s::timestamptz - %(open_at)s::timestamptz) * 1000000000.0 * number / %(trades)s)::bigint
        AS event_time_ns
FROM generate_series(0, %(trades)s - 1) AS drawn (number);

INSERT INTO market.event (
    trading_date, entity_id, event_id, event_type, action, provider, endpoint, feed, symbol, provider_symbol,
    session_part, event_at, event_time_ns, price, size, currency, exchange, tape, trade_id, sequence, trade_id_number,
    conditions, volume_scope, bar_start, bar_session_part, adds_volume, sets_high_low, sets_open_close, auction,
    synthetic, requested_at, received_at, producer_id, producer_seq, kafka_topic, kafka_partition, kafka_offset, batch_id
)
SELECT
    %(trading_date)s,
    md5(%(trading_date)s || ' ' || number)::uuid,
    md5(%(trading_date)s || ' event ' || number)::uuid,
    'trade',
    CASE WHEN number %% 1000 = 7 THEN 'cancel' ELSE 'new' END,
    'alpaca',
    'alpaca.trades',
    'sip',
    'S' || lpad(symbol_number::text, 3, '0'),
    'S' || lpad(symbol_number::text, 3, '0'),
    'regular',
    to_timestamp(event_time_ns / 1000 / 1000000.0),
    event_time_ns,
    price,
    size,
    'USD',
    'Q',
    'C',
    number::text,
    NULL,
    number,
    kind.conditions,
    'consolidated',
    date_trunc('minute', to_timestamp(event_time_ns / 1000000000)),
    'regular',
    kind.adds_volume,
    kind.sets_price,
    kind.sets_price,
    kind.auction,
    true,
    to_timestamp(event_time_ns / 1000000000),
    to_timestamp(event_time_ns / 1000000000),
    'p-' || %(trading_date)s,
    number + 1,
    'stock_analysis',
    0,
    %(first_offset)s + number,
    %(first_batch)s + number / %(batch_trades)s
FROM drawn
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN condition_draw < 0.6 THEN ARRAY['@']
            WHEN condition_draw < 0.9 THEN ARRAY['@', 'I']
            WHEN condition_draw < 0.9999 THEN ARRAY['@', 'F']
            ELSE ARRAY['M']
        END AS conditions,
        condition_draw < 0.9999 AS adds_volume,
        condition_draw < 0.6 OR (condition_draw >= 0.9 AND condition_draw < 0.9999) AS sets_price,
        CASE WHEN condition_draw >= 0.9999 THEN 'close_report' END AS auction
) AS kind
ORDER BY drawn.number;

ALTER TABLE market.event ADD PRIMARY KEY (trading_date, entity_id);
CREATE INDEX event_time_idx ON market.event (symbol, feed, event_type, event_time_ns);
CREATE INDEX event_auction_idx ON market.event (symbol, feed) WHERE auction IS NOT NULL;

INSERT INTO market.bar_1m (
    symbol, feed, bar_start, session_part, trading_date, open, high, low, close, volume, notional, trade_count,
    volume_scope, first_batch_id, batch_id
)
SELECT
    symbol,
    feed,
    bar_start,
    bar_session_part,
    trading_date,
    (array_agg(price ORDER BY event_time_ns, trade_id_number) FILTER (WHERE sets_open_close))[1],
    max(price) FILTER (WHERE sets_high_low),
    min(price) FILTER (WHERE sets_high_low),
    (array_agg(price ORDER BY event_time_ns DESC, trade_id_number DESC) FILTER (WHERE sets_open_close))[1],
    sum(size) FILTER (WHERE adds_volume),
    sum(price * size) FILTER (WHERE adds_volume),
    count(*) FILTER (WHERE adds_volume),
    'consolidated',
    %(first_batch)s,
    %(first_batch)s
FROM market.event
WHERE trading_date = %(trading_date)s
  AND action <> 'cancel'
GROUP BY symbol, feed, bar_start, bar_session_part, trading_date
HAVING count(*) FILTER (WHERE adds_volume) > 0;

INSERT INTO ops.stream_batch (
    batch_id, epoch, topic, topic_id, partition, first_offset, last_offset, records, landed, duplicate, superseding,
    dead_lettered, market_at
)
SELECT
    batch_id, 1, 'stock_analysis', 'T', 0, min(kafka_offset), max(kafka_offset), count(*), count(*), 0, 0, 0, %(close_at)s
FROM market.event
WHERE trading_date = %(trading_date)s
GROUP BY batch_id;

INSERT INTO ops.stream_batch_source (
    batch_id, provider, producer_id, records, landed, duplicate, superseding, dead_lettered, lowest_seq, highest_seq,
    seqs, duplicate_seqs
)
SELECT
    batch_id, 'alpaca', 'p-' || %(trading_date)s, count(*), count(*), 0, 0, 0, min(producer_seq), max(producer_seq),
    int8multirange(int8range(min(producer_seq), max(producer_seq), '[]')), '{}'
FROM market.event
WHERE trading_date = %(trading_date)s
GROUP BY batch_id;

INSERT INTO ops.stream_batch_day (trading_date, batch_id, versions)
SELECT trading_date, batch_id, count(*)
FROM market.event
WHERE trading_date = %(trading_date)s
GROUP BY trading_date, batch_id;

INSERT INTO ops.stream_ledger (topic, partition, topic_id, next_offset, epoch)
VALUES ('stock_analysis', 0, 'T', %(first_offset)s + %(trades)s, 1)
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset;
