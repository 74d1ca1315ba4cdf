-- Which revision of its dirt a day had before it was computed.

SELECT symbol, revision
FROM ops.dirty_day
WHERE trading_date = %(trading_date)s
  AND symbol = ANY (%(symbols)s)
