-- One Friday of ABC on two feeds and of DEF on one, with the Thursday before: what the facts of the mart are asked for.

INSERT INTO market.calendar VALUES ('XNYS', 'America/New_York', true);
INSERT INTO market.session VALUES
    ('XNYS', '2025-11-26', '2025-11-26 09:00Z', '2025-11-26 14:30Z', '2025-11-26 21:00Z', '2025-11-27 01:00Z'),
    ('XNYS', '2025-11-28', '2025-11-28 09:00Z', '2025-11-28 14:30Z', '2025-11-28 18:00Z', '2025-11-28 22:00Z');
INSERT INTO market.subscription (trading_date, symbol, feed, calendar, provider, synthetic) VALUES
    ('2025-11-26', 'ABC', 'sip', 'XNYS', 'alpaca', true),
    ('2025-11-28', 'ABC', 'sip', 'XNYS', 'alpaca', true),
    ('2025-11-28', 'ABC', 'iex', 'XNYS', 'alpaca', true),
    ('2025-11-28', 'DEF', 'iex', 'XNYS', 'alpaca', true);
INSERT INTO market.feed_progress VALUES
    ('ABC', 'sip', '2025-11-28 14:33:10Z'),
    ('ABC', 'iex', '2025-11-28 14:34:10Z'),
    ('DEF', 'iex', '2025-11-28 14:31:10Z');

-- ABC was split two for one on the Friday.
INSERT INTO market.corporate_action (symbol, ex_date, action_type, split_from, split_to, source)
VALUES ('ABC', '2025-11-28', 'split', 1, 2, 'case');
INSERT INTO rollup.daily (
    symbol, trading_date, feed, calendar, open, high, low, close, volume, notional, trade_count, volume_pre, volume_post,
    trade_count_pre, trade_count_post, volume_scope, previous_close, realised_volatility, minutes_expected,
    minutes_with_trades, minutes_covered, state, delay_s, is_synthetic, next_date
)
VALUES
    ('ABC', '2025-11-26', 'sip', 'XNYS', 199, 202, 198, 200, 1000, 200000, 10, 0, 0, 0, 0, 'consolidated', NULL, NULL,
     390, 390, 390, 'final', 0, true, '2025-11-28'),
    ('ABC', '2025-11-28', 'sip', 'XNYS', 100, 103, 99, 102, 600, 60600, 6, 5, 0, 1, 0, 'consolidated', 100, 0.02,
     210, 3, 208, 'provisional', 900, true, '2025-12-01'),
    ('ABC', '2025-11-28', 'iex', 'XNYS', 100, 101, 99, 101, 60, 6060, 3, 0, 0, 0, 0, 'venue_iex', NULL, NULL,
     210, 2, 200, 'provisional', 0, true, '2025-12-01');
INSERT INTO rollup.daily_series (
    symbol, trading_date, feed, split_factor, factor_version, adj_open, adj_high, adj_low, adj_close, adj_volume, return_1d
)
VALUES
    ('ABC', '2025-11-26', 'sip', 0.5, 1, 99.5, 101, 99, 100, 2000, NULL),
    ('ABC', '2025-11-28', 'sip', 1, 1, 100, 103, 99, 102, 600, 0.02);

INSERT INTO market.bar_1m (
    symbol, feed, bar_start, session_part, trading_date, open, high, low, close, volume, notional, trade_count,
    volume_scope, first_batch_id, batch_id
)
VALUES
    ('ABC', 'sip', '2025-11-26 14:30Z', 'regular', '2025-11-26', 199, 199, 199, 199, 9, 1791, 1, 'consolidated', 1, 1),
    ('ABC', 'sip', '2025-11-28 14:29Z', 'pre', '2025-11-28', 100, 100, 100, 100, 5, 500, 1, 'consolidated', 1, 1),
    ('ABC', 'sip', '2025-11-28 14:30Z', 'regular', '2025-11-28', 100, 101, 99, 100, 400, 40000, 4, 'consolidated', 1, 1),
    ('ABC', 'sip', '2025-11-28 14:32Z', 'regular', '2025-11-28', 102, 103, 102, 102, 200, 20600, 2, 'consolidated', 1, 1),
    ('ABC', 'iex', '2025-11-28 14:30Z', 'regular', '2025-11-28', 100, 100, 100, 100, 40, 4000, 2, 'venue_iex', 1, 1),
    ('ABC', 'iex', '2025-11-28 14:31Z', 'regular', '2025-11-28', 101, 101, 101, 101, 20, 2020, 1, 'venue_iex', 1, 1),
    ('DEF', 'iex', '2025-11-28 14:30Z', 'regular', '2025-11-28', 7, 7, 7, 7, 10, 70, 1, 'venue_iex', 1, 1);
INSERT INTO rollup.bar (
    symbol, feed, interval_min, bar_start, session_part, trading_date, open, high, low, close, volume, notional,
    trade_count, minutes_with_trades, is_restated, is_preferred, volume_scope
)
VALUES
    ('ABC', 'sip', 5, '2025-11-28 14:30Z', 'regular', '2025-11-28', 100, 103, 99, 102, 600, 60600, 6, 2, true, true,
     'consolidated'),
    ('ABC', 'iex', 5, '2025-11-28 14:30Z', 'regular', '2025-11-28', 100, 101, 100, 101, 60, 6020, 3, 2, false, false,
     'venue_iex'),
    ('ABC', 'sip', 60, '2025-11-28 17:30Z', 'regular', '2025-11-28', 102, 102, 102, 102, 1, 102, 1, 1, false, true,
     'consolidated');

INSERT INTO market.latest (
    symbol, feed, price, size, trade_at, trade_time_ns, trade_date, bid, ask, quote_at, delay_s
)
VALUES
    ('ABC', 'sip', 102, 100, '2025-11-28 14:32:50Z', 0, '2025-11-28', 101.9, 102.1, '2025-11-28 14:32:55Z', 900),
    ('ABC', 'iex', 101, 20, '2025-11-28 14:34:10Z', 0, '2025-11-28', NULL, NULL, NULL, 0),
    ('DEF', 'iex', 7, 10, '2025-11-28 14:30:10Z', 0, '2025-11-28', NULL, NULL, NULL, NULL);

INSERT INTO rollup.coverage (symbol, feed, trading_date, range_start, range_end, session_part, status, reason) VALUES
    ('ABC', 'sip', '2025-11-28', '2025-11-28 14:30Z', '2025-11-28 14:31Z', 'regular', 'received', NULL),
    ('ABC', 'sip', '2025-11-28', '2025-11-28 14:31Z', '2025-11-28 14:32Z', 'regular', 'missing', 'our_outage'),
    ('ABC', 'sip', '2025-11-28', '2025-11-28 14:32Z', '2025-11-28 14:33Z', 'regular', 'late', 'our_outage'),
    ('ABC', 'sip', '2025-11-28', '2025-11-28 14:33Z', '2025-11-28 17:59Z', 'regular', 'missing', 'no_trade'),
    ('ABC', 'sip', '2025-11-28', '2025-11-28 17:59Z', '2025-11-28 18:00Z', 'regular', 'missing', 'unexplained');

INSERT INTO ops.stream_batch (
    batch_id, epoch, topic, topic_id, partition, first_offset, last_offset, records, landed, duplicate, superseding,
    dead_lettered, market_at, committed_at
)
VALUES (1, 1, 'stock_analysis', 't-1', 0, 0, 0, 1, 1, 0, 0, 0, '2025-11-28 14:35Z', now());
INSERT INTO ops.restatement (
    symbol, feed, bar_start, session_part, trading_date, old, new, causes, batch_id, market_at, restated_at
)
VALUES (
    'ABC', 'sip', '2025-11-28 14:30Z', 'regular', '2025-11-28',
    '{"open": 100, "high": 101, "low": 99, "close": 100, "volume": 300, "vwap": 100, "trade_count": 3}',
    '{"open": 100, "high": 101, "low": 99, "close": 100, "volume": 400, "vwap": 100, "trade_count": 4}',
    '[{"action": "new"}, {"action": "cancel"}, {"action": "new"}]',
    1, '2025-11-28 14:33Z', '2025-11-28 14:33Z'
);
INSERT INTO ops.check_result (check_name, trading_date, checked_at, offending, severity) VALUES
    ('coverage_low', '2025-11-28', '2025-11-28 23:00Z', 3, 'warning'),
    ('coverage_low', '2025-11-28', '2025-11-29 01:00Z', 0, 'warning');
INSERT INTO ops.health (checked_at, market_at, state, detail) VALUES (
    now() - INTERVAL '1 minute', '2025-11-28 14:34Z', 'warning',
    '{"lags": [{"lag_records": 5, "lag_seconds": 1.5}, {"lag_records": 7, "lag_seconds": 0}]}'
);
