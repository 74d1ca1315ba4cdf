-- Partitions of market.event for some days; a sealed day stays without.

SELECT market.ensure_event_partition(wanted.trading_date)
FROM unnest(%(trading_dates)s::date[]) AS wanted (trading_date)
WHERE NOT EXISTS (SELECT FROM ops.sealed_day WHERE sealed_day.trading_date = wanted.trading_date)
ORDER BY wanted.trading_date
