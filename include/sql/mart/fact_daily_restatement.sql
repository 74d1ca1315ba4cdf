-- Changes of days that were final already: which figure, what it was, what it is, why and when. Grain and key:
-- restatement_id. Read by Power BI and SQL clients.

CREATE VIEW mart.fact_daily_restatement AS
SELECT
    restatement_id,
    symbol,
    trading_date,
    feed,
    version,
    field,
    old_value,
    new_value,
    cause,
    restated_at AT TIME ZONE 'UTC' AS restated_at
FROM ops.daily_restatement;

COMMENT ON VIEW mart.fact_daily_restatement IS
    'One row per figure of fact_daily that changed after its day was final. Adjusted prices and averages that only count '
    'in other shares since a split are told by their split_factor.';
COMMENT ON COLUMN mart.fact_daily_restatement.restatement_id IS
    'Number of the change; rises with the time it was made.';
COMMENT ON COLUMN mart.fact_daily_restatement.symbol IS 'Symbol; see dim_symbol.';
COMMENT ON COLUMN mart.fact_daily_restatement.trading_date IS 'The session''s date at the exchange; see dim_date.';
COMMENT ON COLUMN mart.fact_daily_restatement.feed IS 'Feed of the day.';
COMMENT ON COLUMN mart.fact_daily_restatement.version IS 'The day''s version that shows new_value first.';
COMMENT ON COLUMN mart.fact_daily_restatement.field IS 'Column of fact_daily that changed.';
COMMENT ON COLUMN mart.fact_daily_restatement.old_value IS 'What it was, as text; null where it was null.';
COMMENT ON COLUMN mart.fact_daily_restatement.new_value IS 'What it is since, as text; null where it is null.';
COMMENT ON COLUMN mart.fact_daily_restatement.cause IS
    'restated bars, newer poll, changed facts, split, dividend, another feed covers the day best, the day''s own figures '
    'or an earlier day.';
COMMENT ON COLUMN mart.fact_daily_restatement.restated_at IS 'When it changed, UTC, host clock.';
