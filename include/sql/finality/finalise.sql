-- Provisional days of which everything that could be known has been computed and proved become final. A row for each
-- looked at: `waits_for` is null for a final one, else the first thing that is missing.

WITH provisional AS (
    SELECT
        daily.symbol,
        daily.trading_date,
        daily.feed,
        daily.poll_id,
        daily.computed_at,
        daily.minutes_expected - daily.minutes_covered AS minutes_uncovered,
        session.pre_open_at,
        session.post_close_at
    FROM rollup.daily
    JOIN market.session USING (calendar, trading_date)
    WHERE daily.state = 'provisional'
),
swept AS (
    SELECT day.trading_date, ranges.*
    FROM (SELECT DISTINCT trading_date FROM provisional) AS day
    CROSS JOIN LATERAL ops.swept_ranges(day.trading_date) AS ranges
),
ended AS (
    SELECT
        swept_end.trading_date,
        swept_end.feed,
        max(swept_end.poll_id) AS poll_id,
        bool_and(ledger.next_offset >= swept_end.end_offset) IS TRUE AS is_passed,
        -- Where another topic of that name stands says nothing about what the sweep sent.
        bool_or(swept_end.topic_id <> ledger.topic_id) IS TRUE AS is_lost
    FROM ops.sweep_end AS swept_end
    LEFT JOIN ops.stream_ledger AS ledger USING (topic, partition)
    GROUP BY swept_end.trading_date, swept_end.feed
),
unexplained AS (
    SELECT
        symbol,
        feed,
        trading_date,
        sum(minutes) FILTER (WHERE reason = 'unexplained') AS minutes
    FROM rollup.coverage
    WHERE trading_date IN (SELECT trading_date FROM provisional)
    GROUP BY symbol, feed, trading_date
),
judged AS (
    SELECT
        provisional.symbol,
        provisional.trading_date,
        provisional.feed,
        CASE
            WHEN swept.symbol IS NULL
                OR NOT swept.covered @> tstzrange(provisional.pre_open_at, provisional.post_close_at)
                OR swept.market_at < provisional.post_close_at
                THEN 'the sweep of the whole session'
            WHEN ended.is_lost
                THEN 'another sweep: a topic was made anew since'
            WHEN ended.is_passed IS NOT TRUE
                THEN 'the stream to pass where the topics ended after the sweep'
            -- Computed before anything was answered: without a poll.
            WHEN coalesce(provisional.poll_id, 0) < ended.poll_id
                OR EXISTS (
                    SELECT
                    FROM ops.dirty_day AS dirty
                    WHERE dirty.symbol = provisional.symbol
                      AND dirty.trading_date = provisional.trading_date
                )
                THEN 'its recomputation'
            WHEN proof.balanced IS NOT TRUE
                THEN 'a proof that balances'
            -- Where no minute has a reason yet, each one that nothing covered counts as unexplained.
            WHEN CASE
                    WHEN unexplained.symbol IS NULL THEN coalesce(provisional.minutes_uncovered, 0)
                    ELSE coalesce(unexplained.minutes, 0)
                END > 0
                THEN 'the reason of missing minutes'
        END AS waits_for
    FROM provisional
    LEFT JOIN swept USING (symbol, trading_date, feed)
    LEFT JOIN ended USING (trading_date, feed)
    LEFT JOIN unexplained USING (symbol, trading_date, feed)
    LEFT JOIN LATERAL (
        SELECT stored.balanced
        FROM ops.proof AS stored
        WHERE stored.proved_at > provisional.computed_at
          AND coalesce(stored.date_from, '-infinity') <= provisional.trading_date
          AND coalesce(stored.date_to, 'infinity') >= provisional.trading_date
        ORDER BY stored.proof_id DESC
        LIMIT 1
    ) AS proof ON true
),
finalised AS (
    UPDATE rollup.daily
    SET state = 'final',
        finalised_at = now()
    FROM judged
    WHERE judged.waits_for IS NULL
      AND judged.symbol = daily.symbol
      AND judged.trading_date = daily.trading_date
      AND judged.feed = daily.feed
)
SELECT symbol, trading_date, feed, waits_for
FROM judged
ORDER BY trading_date, symbol, feed
