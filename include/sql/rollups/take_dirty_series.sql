-- Take some of the symbols whose series waits, with the day from which on; they stay when the transaction fails.

DELETE FROM ops.dirty_series
WHERE symbol IN (SELECT symbol FROM ops.dirty_series ORDER BY symbol LIMIT %(maximum)s)
RETURNING symbol, from_date
