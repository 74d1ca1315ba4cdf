-- How many versions the batch put on each day: what a proof of one day recounts.

INSERT INTO ops.stream_batch_day (trading_date, batch_id, versions)
SELECT trading_date, %(batch_id)s, versions
FROM unnest(%(trading_dates)s::date[], %(versions)s::bigint[]) AS landed (trading_date, versions)
