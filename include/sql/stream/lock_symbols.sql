-- One writer a symbol: two partitions may carry the same one after the topic grew.
-- Locked in the order of the hash, not of the name, because two names can share a hash.

SELECT pg_advisory_xact_lock(hashtext('market.symbol'), wanted.hash)
FROM (
    SELECT DISTINCT hashtext(symbol) AS hash
    FROM unnest(%(symbols)s::text[]) AS symbol
    ORDER BY 1
) AS wanted
