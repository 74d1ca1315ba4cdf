-- Versions of facts in the tables, recounted by day and batch, against what the batches say they put there. Of days that
-- retention has sealed the number is known, but no longer of which batch.

SELECT
    format('%%s batch %%s', trading_date, batch_id) AS place,
    coalesce(counted.versions, 0) AS left_count,
    coalesce(stated.versions, 0) AS right_count
FROM (
    SELECT trading_date, batch_id, count(*) AS versions
    FROM (
        SELECT trading_date, batch_id FROM market.event
        UNION ALL
        SELECT trading_date, batch_id FROM market.event_superseded
    ) AS known
    WHERE trading_date BETWEEN coalesce(%(date_from)s::date, '-infinity') AND coalesce(%(date_to)s::date, 'infinity')
    GROUP BY trading_date, batch_id
) AS counted
FULL JOIN (
    SELECT trading_date, batch_id, versions
    FROM ops.stream_batch_day
    WHERE trading_date BETWEEN coalesce(%(date_from)s::date, '-infinity') AND coalesce(%(date_to)s::date, 'infinity')
      AND trading_date > '-infinity'
      AND NOT EXISTS (SELECT FROM ops.sealed_day WHERE sealed_day.trading_date = stream_batch_day.trading_date)
) AS stated USING (trading_date, batch_id)
UNION ALL
SELECT
    'sealed days' AS place,
    (SELECT sum(events + superseded) FROM ops.sealed_day) AS left_count,
    (
        SELECT coalesce(sum(day.versions), 0)
        FROM ops.stream_batch_day AS day
        WHERE day.trading_date = '-infinity'
           OR day.trading_date IN (SELECT sealed_day.trading_date FROM ops.sealed_day)
    ) AS right_count
WHERE %(date_from)s::date IS NULL
  AND %(date_to)s::date IS NULL
  AND EXISTS (SELECT FROM ops.sealed_day)
