-- The provider's own bars, one row a fact: its current version and how many versions were seen.

INSERT INTO market.provider_bar AS bar (
    entity_id, event_id, trading_date, provider, feed, symbol, interval, adjustment, bar_start, bar_end,
    open, high, low, close, volume, vwap, trade_count, is_final, volume_scope, revisions
)
SELECT
    event.entity_id,
    event.event_id,
    event.trading_date,
    event.provider,
    event.feed,
    event.symbol,
    event.detail ->> 'interval',
    event.detail ->> 'adjustment',
    to_timestamp(0) + (event.detail ->> 'bar_start_ns')::bigint / 1000 * interval '1 microsecond',
    to_timestamp(0) + (event.detail ->> 'bar_end_ns')::bigint / 1000 * interval '1 microsecond',
    (event.detail ->> 'open')::numeric,
    (event.detail ->> 'high')::numeric,
    (event.detail ->> 'low')::numeric,
    (event.detail ->> 'close')::numeric,
    (event.detail ->> 'volume')::numeric,
    (event.detail ->> 'vwap')::numeric,
    (event.detail ->> 'trade_count')::bigint,
    (event.detail ->> 'is_final')::boolean,
    event.volume_scope,
    1 + (
        SELECT count(*)
        FROM market.event_superseded AS older
        WHERE older.trading_date = event.trading_date AND older.entity_id = event.entity_id
    )
FROM (SELECT DISTINCT trading_date, entity_id FROM changed WHERE event_type = 'bar') AS touched
INNER JOIN market.event AS event USING (trading_date, entity_id)
WHERE event.trading_date = ANY(%(dates)s::date[])
ORDER BY event.entity_id
ON CONFLICT (entity_id) DO UPDATE
SET
    event_id = excluded.event_id,
    trading_date = excluded.trading_date,
    provider = excluded.provider,
    feed = excluded.feed,
    symbol = excluded.symbol,
    interval = excluded.interval,
    adjustment = excluded.adjustment,
    bar_start = excluded.bar_start,
    bar_end = excluded.bar_end,
    open = excluded.open,
    high = excluded.high,
    low = excluded.low,
    close = excluded.close,
    volume = excluded.volume,
    vwap = excluded.vwap,
    trade_count = excluded.trade_count,
    is_final = excluded.is_final,
    volume_scope = excluded.volume_scope,
    revisions = excluded.revisions,
    updated_at = now()
