-- The position of one partition, held until the transaction ends, and the run that may commit.
-- FOR SHARE makes a starting run wait for this transaction, so that no older run commits after its epoch was bumped.

SELECT
    ledger.topic_id,
    ledger.next_offset,
    run.epoch,
    nextval('ops.stream_batch_id') AS batch_id,
    ARRAY(SELECT sealed.trading_date FROM ops.sealed_day AS sealed WHERE sealed.trading_date = ANY(%(dates)s::date[]))
        AS sealed_dates
FROM ops.stream_ledger AS ledger
CROSS JOIN ops.stream_run AS run
WHERE ledger.topic = %(topic)s
    AND ledger.partition = %(partition)s
    AND run.stream = %(stream)s
FOR UPDATE OF ledger
FOR SHARE OF run
