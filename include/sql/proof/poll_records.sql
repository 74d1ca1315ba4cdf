-- What the adapter counted on the wire of each poll, against what became of it: published, published before by the same
-- run, rejected, or set aside for another poll.

SELECT
    format('poll %%s of %%s', poll_id, request) AS place,
    records AS left_count,
    events + repeated + rejected + set_aside AS right_count
FROM proof_producer
JOIN ops.poll USING (producer_id)
