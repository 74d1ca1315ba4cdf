-- Whether a day that was polled still lacks its sweep: no row when it was never polled, else whether the sweep covers
-- the whole of it. Asked at the start of a continuous run, for the session before.
SELECT bool_or(purpose = 'sweep' AND outcome IN ('ok', 'empty') AND covered_until >= %(post_close_at)s)
FROM ops.poll
WHERE trading_date = %(trading_date)s
  AND endpoint = %(endpoint)s
  AND provider = %(provider)s
  AND feed = %(feed)s
HAVING count(*) > 0;
