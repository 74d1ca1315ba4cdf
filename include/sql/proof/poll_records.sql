-- What each poll fetched against what became of it: published, seen before by the same run, or rejected.

SELECT
    format('poll %%s', poll_id) AS place,
    records AS left_count,
    events + repeated + rejected AS right_count
FROM ops.poll
