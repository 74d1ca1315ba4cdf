-- Records that a producer sent to a partition and the stream read, or that an accepted loss holds, against the highest
-- number it gave out there. Numbers start at 1 and rise by one, so a difference is a lost or a doubled record.

SELECT
    format('%%s %%s/%%s', producer_id, topic, partition) AS place,
    sum(records + lost) AS left_count,
    max(highest_seq) AS right_count
FROM ops.producer_batch
GROUP BY producer_id, topic, partition
