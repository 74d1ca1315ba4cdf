-- Put the computed minutes of one day of some symbols in place of the stored ones: changed rows are written, vanished
-- ones removed. The braces hold coverage/query.sql, which has the same parameters.

WITH computed AS (
{query}
),
removed AS (
    DELETE FROM rollup.coverage
    WHERE coverage.trading_date = %(trading_date)s
      AND coverage.symbol = ANY (%(symbols)s)
      AND NOT EXISTS (
          SELECT
          FROM computed
          WHERE computed.symbol = coverage.symbol
            AND computed.feed = coverage.feed
            AND computed.range_start = coverage.range_start
      )
)
INSERT INTO rollup.coverage AS stored (
    symbol, feed, trading_date, range_start, range_end, session_part, status, reason, cites
)
SELECT symbol, feed, trading_date, range_start, range_end, session_part, status, reason, cites
FROM computed
ON CONFLICT (symbol, feed, trading_date, range_start) DO UPDATE SET
    range_end = excluded.range_end,
    session_part = excluded.session_part,
    status = excluded.status,
    reason = excluded.reason,
    cites = excluded.cites,
    computed_at = now()
WHERE (stored.range_end, stored.session_part, stored.status, stored.reason, stored.cites)
      IS DISTINCT FROM
      (excluded.range_end, excluded.session_part, excluded.status, excluded.reason, excluded.cites)
