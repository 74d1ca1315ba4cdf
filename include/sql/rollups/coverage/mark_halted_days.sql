-- The recorded days that a halt touches, made dirty: their minutes may have another reason now. A number of the batches'
-- sequence is a revision that nobody has seen. Parameters: symbol, halted_at, resumed_at (null: no end yet).

INSERT INTO ops.dirty_day AS dirty (symbol, trading_date, revision)
SELECT DISTINCT subscription.symbol, subscription.trading_date, nextval('ops.stream_batch_id')
FROM market.subscription
JOIN market.session USING (calendar, trading_date)
WHERE subscription.symbol = %(symbol)s
  AND session.post_close_at > %(halted_at)s
  AND session.pre_open_at < coalesce(%(resumed_at)s::timestamptz, 'infinity')
ON CONFLICT (symbol, trading_date) DO UPDATE SET
    revision = excluded.revision,
    dirtied_at = now()
RETURNING trading_date
