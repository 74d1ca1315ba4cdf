-- Which symbols are watched on that day, from which feed: the base of every coverage figure. The first watcher stays.
INSERT INTO market.subscription (trading_date, symbol, feed, calendar, provider, synthetic)
SELECT
    %(trading_date)s,
    symbol,
    %(feed)s,
    %(calendar)s,
    %(provider)s,
    %(synthetic)s
FROM unnest(%(symbols)s::text[]) AS wanted (symbol)
ON CONFLICT (trading_date, symbol, feed) DO NOTHING;
