-- Batches of a producer and partition, against those that begin with the number after the last batch's (or after those
-- of an accepted loss) and hold as many records as numbers. Together with the totals: each number exactly once.

SELECT
    format(
        '%%s %%s/%%s batch %%s holds numbers %%s to %%s in %%s records after %%s',
        producer_id, topic, partition, batch_id, lowest_seq, highest_seq, records, before
    ) AS place,
    1 AS left_count,
    (lowest_seq = before + lost + 1 AND highest_seq = before + lost + records)::integer AS right_count
FROM ops.producer_batch
