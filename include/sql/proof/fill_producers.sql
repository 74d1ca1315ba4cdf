-- The producers that polled for the days, and those that landed something on them and never said who they are; without
-- dates all. Of a batch that holds two days the other day's producers are left to that day's proof.

INSERT INTO proof_producer (producer_id)
SELECT producer_id
FROM ops.poll
WHERE trading_date BETWEEN coalesce(%(date_from)s::date, '-infinity') AND coalesce(%(date_to)s::date, 'infinity')
UNION
SELECT source.producer_id
FROM ops.stream_batch_day AS day
JOIN ops.stream_batch_source AS source USING (batch_id)
WHERE day.trading_date BETWEEN coalesce(%(date_from)s::date, '-infinity') AND coalesce(%(date_to)s::date, 'infinity')
  AND source.producer_id <> ''
  AND NOT EXISTS (SELECT FROM ops.producer_run AS run WHERE run.producer_id = source.producer_id)
UNION
SELECT producer_id
FROM ops.stream_batch_source
WHERE %(date_from)s::date IS NULL
  AND %(date_to)s::date IS NULL
  AND producer_id <> ''
