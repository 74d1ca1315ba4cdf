-- Of some days those whose events were dropped by retention: what was computed from them cannot be computed again.

SELECT trading_date
FROM ops.sealed_day
WHERE trading_date = ANY (%(dates)s)
ORDER BY trading_date
