-- Restatements page: counts of the last half year by provider and week.
SELECT *
FROM mart.fact_restatement_week
WHERE week_start >= %(week)s::date - 182 AND week_start <= %(week)s
ORDER BY week_start;
