-- What of each session was seen, as runs of minutes of one status and reason. Grain and key: symbol, trading_date,
-- feed, range_start. Read by Power BI, the HTML report and SQL clients.

CREATE VIEW mart.fact_coverage AS
SELECT
    coverage.symbol,
    coverage.trading_date,
    coverage.feed,
    coverage.range_start AT TIME ZONE 'UTC' AS range_start,
    coverage.range_end AT TIME ZONE 'UTC' AS range_end,
    coverage.range_start AT TIME ZONE calendar.time_zone AS range_start_local,
    coverage.session_part,
    coverage.minutes,
    coverage.status,
    coverage.reason
FROM rollup.coverage
LEFT JOIN market.subscription
    ON subscription.trading_date = coverage.trading_date
   AND subscription.symbol = coverage.symbol
   AND subscription.feed = coverage.feed
LEFT JOIN market.calendar ON calendar.calendar = subscription.calendar;

COMMENT ON VIEW mart.fact_coverage IS
    'One row per symbol, feed and run of session minutes that share a status and a reason.';
COMMENT ON COLUMN mart.fact_coverage.symbol IS 'Symbol; see dim_symbol.';
COMMENT ON COLUMN mart.fact_coverage.trading_date IS 'The session''s date at the exchange; see dim_date.';
COMMENT ON COLUMN mart.fact_coverage.feed IS 'Feed that was watched; minutes of several feeds do not add up.';
COMMENT ON COLUMN mart.fact_coverage.range_start IS 'Beginning of the first minute, UTC.';
COMMENT ON COLUMN mart.fact_coverage.range_end IS 'End of the last minute, UTC.';
COMMENT ON COLUMN mart.fact_coverage.range_start_local IS
    'Beginning of the first minute on the exchange''s clock; null where its calendar is not known.';
COMMENT ON COLUMN mart.fact_coverage.session_part IS 'pre, regular, post, or closed.';
COMMENT ON COLUMN mart.fact_coverage.minutes IS 'Length of the run in minutes.';
COMMENT ON COLUMN mart.fact_coverage.status IS
    'received, late (received after its bar was closed, or only when our asking worked again) or missing.';
COMMENT ON COLUMN mart.fact_coverage.reason IS
    'Why the minutes are missing or late: closed, no_trade, halted, presumed_halt, provider_gap, not_subscribed, '
    'our_outage, dead_lettered, not_landed, lost, or unexplained; null where nothing is to explain.';
