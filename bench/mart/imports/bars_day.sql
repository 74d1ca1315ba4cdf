-- One partition of Bars: a day of all symbols and lengths.
SELECT *
FROM mart.fact_bar
WHERE bar_start >= %(recent_day)s::timestamp AND bar_start < %(recent_day)s::timestamp + INTERVAL '1 day'
