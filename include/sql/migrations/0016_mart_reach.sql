-- What the mart's queries reach their rows by: restatements of a symbol and of a week without their old and new figures,
-- which are wide, and a week's count that reads that week's days only.

-- Leads with the same columns as the one it replaces; a day counts the restatements of its own feed from the index alone.
CREATE INDEX restatement_symbol_feed_idx ON ops.restatement (symbol, trading_date, feed);
DROP INDEX ops.restatement_symbol_idx;
CREATE INDEX restatement_week_idx ON ops.restatement (trading_date, symbol, feed, batch_id);

-- Week by week, and by its seven dates: a filter on the weeks leaves the other days unread, and the planner knows how many
-- it reads.
CREATE OR REPLACE VIEW rollup.restatement_week AS
SELECT
    counted.provider,
    week.dates[1] AS week_start,
    counted.restatements,
    counted.bars
FROM (
    SELECT ARRAY[
        monday::date, monday::date + 1, monday::date + 2, monday::date + 3, monday::date + 4, monday::date + 5,
        monday::date + 6
    ] AS dates
    FROM generate_series(
        (SELECT date_trunc('week', min(trading_date)::timestamp) FROM ops.restatement),
        (SELECT max(trading_date)::timestamp FROM ops.restatement),
        INTERVAL '7 days'
    ) AS calendar_week (monday)
) AS week
CROSS JOIN LATERAL (
    SELECT
        coalesce(subscription.provider, source.provider, 'unknown') AS provider,
        count(*) AS restatements,
        count(DISTINCT (restatement.symbol, restatement.feed, restatement.bar_start, restatement.session_part)) AS bars
    FROM ops.restatement
    LEFT JOIN (
        SELECT trading_date, symbol, feed, provider
        FROM market.subscription
        WHERE trading_date = ANY (week.dates)
    ) AS subscription USING (trading_date, symbol, feed)
    -- A symbol that nobody subscribed was replayed: its batch says by whom, when it was one.
    LEFT JOIN LATERAL (
        SELECT min(batch_source.provider) AS provider
        FROM ops.stream_batch_source AS batch_source
        WHERE subscription.provider IS NULL
          AND batch_source.batch_id = restatement.batch_id
        HAVING count(DISTINCT batch_source.provider) = 1
    ) AS source ON true
    WHERE restatement.trading_date = ANY (week.dates)
    GROUP BY 1
) AS counted;
