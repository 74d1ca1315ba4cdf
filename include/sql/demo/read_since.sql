-- Whether a poll of this day's trades that began at a market time or later has succeeded. Read by the demo.
SELECT poll_id
FROM ops.poll
WHERE trading_date = %(trading_date)s
  AND feed = %(feed)s
  AND endpoint = 'trades'
  AND outcome IN ('ok', 'empty')
  AND requested_at >= %(since)s
  AND market_at >= %(market_at)s
LIMIT 1
