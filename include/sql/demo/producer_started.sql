-- Whether a producer of this feed began this trading date after a moment (host time). Read by the demo.
SELECT producer_id
FROM ops.producer_run
WHERE trading_date = %(trading_date)s
  AND feed = %(feed)s
  AND started_at >= %(since)s
