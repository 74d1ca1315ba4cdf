-- Listings that the file no longer has. Parameters: symbols and valid_froms (parallel arrays) of those that it has.

DELETE FROM market.symbol
WHERE NOT EXISTS (
    SELECT
    FROM unnest(%(symbols)s::text[], %(valid_froms)s::date[]) AS listed (symbol, valid_from)
    WHERE listed.symbol = symbol.symbol
      AND listed.valid_from = symbol.valid_from
);
