-- severity: warning
-- Fields of a day that differ from the provider's final daily bar by more than their tolerance.

SELECT symbol, feed, field, ours, official, tolerance, explanation
FROM rollup.reconciliation
WHERE trading_date = %(trading_date)s
  AND NOT within
  -- The bar of a day under way follows ours; one that is never called final has to be compared all the same.
  AND explanation <> 'the provider''s bar is not final'
ORDER BY symbol, feed, field
