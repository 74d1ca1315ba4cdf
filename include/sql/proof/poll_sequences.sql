-- What each poll says it published and rejected, against how far it moved the numbers that its producer gave out: they tell
-- the order of the polls, whichever was committed first. Those of a replay were made in one pass of the file and are
-- compared together.

WITH numbered AS (
    SELECT
        poll.poll_id,
        poll.producer_id,
        poll.purpose = 'replay' AS is_replay,
        poll.events + poll.rejected AS records,
        (SELECT coalesce(sum(spot.value::bigint), 0) FROM jsonb_each_text(poll.highest_seq) AS spot) AS numbers
    FROM proof_producer
    JOIN ops.poll USING (producer_id)
)
SELECT
    format('poll %%s of %%s', poll_id, producer_id) AS place,
    records AS left_count,
    numbers - coalesce(lag(numbers) OVER (PARTITION BY producer_id ORDER BY numbers, records DESC), 0) AS right_count
FROM numbered
WHERE NOT is_replay
UNION ALL
SELECT
    format('replay of %%s', producer_id) AS place,
    sum(records) AS left_count,
    max(numbers) AS right_count
FROM numbered
WHERE is_replay
GROUP BY producer_id
