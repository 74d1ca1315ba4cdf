-- The newest answer of the provider and the seconds since its last good one, of one producer.
SELECT
    (SELECT outcome FROM ops.poll WHERE producer_id = %(producer_id)s ORDER BY poll_id DESC LIMIT 1),
    (
        SELECT extract(epoch FROM clock_timestamp() - received_at)::float8
        FROM ops.poll
        WHERE producer_id = %(producer_id)s
          AND outcome IN ('ok', 'empty')
        ORDER BY poll_id DESC
        LIMIT 1
    );
