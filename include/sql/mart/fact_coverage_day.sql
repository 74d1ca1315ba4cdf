-- Minutes of each day by reason. Grain and key: symbol, trading_date, feed, session_part, reason. Read by Power BI and
-- SQL clients.

CREATE VIEW mart.fact_coverage_day AS
SELECT
    day.symbol,
    day.trading_date,
    day.feed,
    day.session_part,
    day.reason,
    day.minutes,
    day.reason IN ('received', 'closed', 'halted', 'no_trade', 'not_subscribed', 'presumed_halt') AS is_covered,
    coalesce(series.feed = day.feed, false) AS is_chosen
FROM (
    SELECT
        coverage.symbol,
        coverage.trading_date,
        coverage.feed,
        coverage.session_part,
        -- A late minute was received in the end; why it was late is in fact_coverage.
        CASE WHEN coverage.status = 'missing' THEN coverage.reason ELSE 'received' END AS reason,
        sum(coverage.minutes)::integer AS minutes
    FROM rollup.coverage
    GROUP BY
        coverage.symbol,
        coverage.trading_date,
        coverage.feed,
        coverage.session_part,
        CASE WHEN coverage.status = 'missing' THEN coverage.reason ELSE 'received' END
) AS day
LEFT JOIN rollup.daily_series AS series
    ON series.symbol = day.symbol
   AND series.trading_date = day.trading_date;

COMMENT ON VIEW mart.fact_coverage_day IS 'One row per symbol, trading day, feed, session part and reason.';
COMMENT ON COLUMN mart.fact_coverage_day.symbol IS 'Symbol; see dim_symbol.';
COMMENT ON COLUMN mart.fact_coverage_day.trading_date IS 'The session''s date at the exchange; see dim_date.';
COMMENT ON COLUMN mart.fact_coverage_day.feed IS 'Feed that was watched; minutes of several feeds do not add up.';
COMMENT ON COLUMN mart.fact_coverage_day.session_part IS 'pre, regular, post, or closed.';
COMMENT ON COLUMN mart.fact_coverage_day.reason IS
    'received, also where late, or why the minutes are missing: closed, no_trade, halted, presumed_halt, '
    'provider_gap, not_subscribed, our_outage, dead_lettered, not_landed, lost, unexplained.';
COMMENT ON COLUMN mart.fact_coverage_day.minutes IS 'Minutes of the session part with that reason.';
COMMENT ON COLUMN mart.fact_coverage_day.is_covered IS
    'Whether the minutes were received or the market itself explains why nothing came; the others lower a coverage.';
COMMENT ON COLUMN mart.fact_coverage_day.is_chosen IS
    'Whether fact_daily shows this feed on that day; such rows add up over symbols and days.';
