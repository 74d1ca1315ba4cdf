-- The sweeps of sessions that have provisional days, newest poll of each day and feed, where Kafka's ends after it are
-- not recorded yet.

SELECT poll.trading_date, poll.feed, max(poll.poll_id) AS poll_id
FROM ops.poll
WHERE poll.purpose = 'sweep'
  AND poll.endpoint = 'trades'
  AND poll.outcome IN ('ok', 'empty')
  AND poll.trading_date IN (SELECT trading_date FROM rollup.daily WHERE state = 'provisional')
GROUP BY poll.trading_date, poll.feed
HAVING max(poll.poll_id) > coalesce(
    (
        SELECT max(swept.poll_id)
        FROM ops.sweep_end AS swept
        WHERE swept.trading_date = poll.trading_date
          AND swept.feed = poll.feed
    ),
    0
)
ORDER BY poll.trading_date, poll.feed
