-- Every regular minute of the given sessions for made-up symbols, with an opening and a closing auction print each and
-- polls that covered the days. Parameters: symbols; dates, opens and closes (parallel arrays). The bars are 390 a session.

INSERT INTO market.session (calendar, trading_date, pre_open_at, open_at, close_at, post_close_at)
SELECT 'XNYS', trading_date, open_at - INTERVAL '330 minutes', open_at, close_at, close_at + INTERVAL '4 hours'
FROM unnest(%(dates)s::date[], %(opens)s::timestamptz[], %(closes)s::timestamptz[])
    AS session (trading_date, open_at, close_at);

INSERT INTO market.subscription (trading_date, symbol, feed, calendar, provider)
SELECT session.trading_date, format('S%%s', lpad(number::text, 3, '0')), 'sip', 'XNYS', 'alpaca'
FROM market.session
CROSS JOIN generate_series(1, %(symbols)s) AS listed (number);

INSERT INTO ops.producer_run (producer_id, provider, feed, calendar, trading_date, symbols, started_at)
SELECT format('p-%%s', trading_date), 'alpaca', 'sip', 'XNYS', trading_date, ARRAY['S001'], pre_open_at
FROM market.session;

INSERT INTO ops.poll (
    producer_id, provider, feed, endpoint, purpose, trading_date, symbols, request, covered_from, covered_until,
    requested_at, received_at, market_at, outcome, pages, records, events, repeated, rejected
)
SELECT
    format('p-%%s', session.trading_date),
    'alpaca',
    'sip',
    'trades',
    'poll',
    session.trading_date,
    (SELECT array_agg(subscription.symbol) FROM market.subscription WHERE subscription.trading_date = session.trading_date),
    '/v2/stocks/trades',
    session.pre_open_at + piece * INTERVAL '5 minutes',
    session.pre_open_at + (piece + 1) * INTERVAL '5 minutes',
    now(),
    session.pre_open_at + (piece + 1) * INTERVAL '5 minutes',
    session.pre_open_at + (piece + 1) * INTERVAL '5 minutes',
    'ok',
    1, 0, 0, 0, 0
FROM market.session
CROSS JOIN generate_series(0, 191) AS polled (piece);

INSERT INTO market.bar_1m (
    symbol, feed, bar_start, session_part, trading_date, open, high, low, close, volume, notional, trade_count,
    volume_scope, first_batch_id, batch_id
)
SELECT
    subscription.symbol,
    'sip',
    minute.started_at,
    'regular',
    session.trading_date,
    walk.price,
    walk.price + 0.05,
    walk.price - 0.04,
    walk.price + 0.02,
    walk.volume,
    walk.volume * walk.price,
    40,
    'consolidated',
    1,
    1
FROM market.session
JOIN market.subscription USING (calendar, trading_date)
CROSS JOIN LATERAL generate_series(session.open_at, session.close_at - INTERVAL '1 minute', INTERVAL '1 minute')
    AS minute (started_at)
CROSS JOIN LATERAL (
    SELECT
        round((50 + abs(hashtext(subscription.symbol) %% 400)
            + 5 * sin(extract(epoch FROM minute.started_at) / 7000 + hashtext(subscription.symbol)))::numeric, 2) AS price,
        (100 + abs(hashtext(subscription.symbol || minute.started_at::text) %% 5000))::numeric AS volume
) AS walk
ORDER BY session.trading_date, minute.started_at, subscription.symbol;

SELECT market.ensure_event_partition(trading_date)
FROM market.session;

INSERT INTO market.event (
    trading_date, entity_id, event_id, event_type, action, provider, endpoint, feed, symbol, provider_symbol,
    session_part, event_at, event_time_ns, price, size, auction, adds_volume, synthetic, requested_at, received_at,
    producer_id, producer_seq, kafka_topic, kafka_partition, kafka_offset, batch_id
)
SELECT
    bar.trading_date,
    gen_random_uuid(),
    gen_random_uuid(),
    'trade',
    'new',
    'alpaca',
    'trades',
    'sip',
    bar.symbol,
    bar.symbol,
    'regular',
    bar.bar_start,
    extract(epoch FROM bar.bar_start)::bigint * 1000000000,
    bar.open,
    bar.volume,
    CASE WHEN bar.bar_start = session.open_at THEN 'open' ELSE 'close' END,
    true,
    true,
    now(), now(), 'p', 1, 'stock_analysis', 0, 0, 1
FROM market.session
JOIN market.bar_1m AS bar
    ON bar.trading_date = session.trading_date
   AND bar.bar_start IN (session.open_at, session.close_at - INTERVAL '1 minute');
