-- What the newest run of each check found on some days. Parameters: trading_dates.

SELECT DISTINCT ON (trading_date, check_name)
    check_name,
    severity,
    trading_date,
    offending,
    sample
FROM ops.check_result
WHERE trading_date = ANY (%(trading_dates)s::date[])
ORDER BY trading_date, check_name, checked_at DESC
