-- Where the topics ended after a sweep. A partition of the sweep before it is replaced.

INSERT INTO ops.sweep_end AS stored (trading_date, feed, topic, partition, poll_id, topic_id, end_offset)
SELECT %(trading_date)s, %(feed)s, topic, partition, %(poll_id)s, topic_id, end_offset
FROM unnest(%(topics)s::text[], %(partitions)s::integer[], %(topic_ids)s::text[], %(end_offsets)s::bigint[])
    AS ended (topic, partition, topic_id, end_offset)
ON CONFLICT (trading_date, feed, topic, partition) DO UPDATE SET
    poll_id = excluded.poll_id,
    topic_id = excluded.topic_id,
    end_offset = excluded.end_offset,
    taken_at = now()
