-- The rebuilt minutes that differ from what is stored.

INSERT INTO market.bar_1m AS bar (
    symbol, feed, bar_start, session_part, trading_date, open, high, low, close, volume, notional, trade_count,
    volume_scope, first_batch_id, batch_id
)
SELECT
    symbol, feed, bar_start, session_part, trading_date, open, high, low, close, volume, notional, trade_count,
    volume_scope, %(batch_id)s, %(batch_id)s
FROM rebuilt_bar
WHERE new IS NOT NULL AND new IS DISTINCT FROM old
ORDER BY symbol, feed, bar_start, session_part
ON CONFLICT (symbol, feed, bar_start, session_part) DO UPDATE
SET
    trading_date = excluded.trading_date,
    open = excluded.open,
    high = excluded.high,
    low = excluded.low,
    close = excluded.close,
    volume = excluded.volume,
    notional = excluded.notional,
    trade_count = excluded.trade_count,
    volume_scope = excluded.volume_scope,
    version = bar.version + 1,
    batch_id = excluded.batch_id,
    updated_at = now()
