-- Makes the day partitions that a batch needs; a sealed day was dropped for good and gets none.

SELECT market.ensure_event_partition(wanted)
FROM unnest(%(dates)s::date[]) AS wanted
WHERE NOT EXISTS (SELECT FROM ops.sealed_day AS sealed WHERE sealed.trading_date = wanted)
ORDER BY wanted
