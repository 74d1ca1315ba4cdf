-- One row a producer process (or replay), before its first poll. A retry after an unclear commit changes nothing.
INSERT INTO ops.producer_run (producer_id, provider, feed, calendar, trading_date, symbols, started_at)
VALUES (%(producer_id)s, %(provider)s, %(feed)s, %(calendar)s, %(trading_date)s, %(symbols)s, %(started_at)s)
ON CONFLICT (producer_id) DO NOTHING;
