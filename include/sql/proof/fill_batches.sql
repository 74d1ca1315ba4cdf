-- The batches that hold a record of those producers or a version of those days; without dates all.

INSERT INTO proof_batch (batch_id)
SELECT source.batch_id
FROM proof_producer
JOIN ops.stream_batch_source AS source USING (producer_id)
UNION
SELECT batch_id
FROM ops.stream_batch_day
WHERE trading_date BETWEEN coalesce(%(date_from)s::date, '-infinity') AND coalesce(%(date_to)s::date, 'infinity')
UNION
SELECT batch_id
FROM ops.stream_batch
WHERE %(date_from)s::date IS NULL
  AND %(date_to)s::date IS NULL
