-- Changes of one-minute bars that were closed already: what stood there, what stands there since, why and when.
-- Grain and key: restatement_id. Read by Power BI, the HTML report and SQL clients.

CREATE VIEW mart.fact_restatement AS
SELECT
    restatement.restatement_id,
    restatement.symbol,
    restatement.trading_date,
    restatement.bar_start AT TIME ZONE 'UTC' AS bar_start,
    restatement.bar_start AT TIME ZONE calendar.time_zone AS bar_start_local,
    restatement.session_part,
    restatement.feed,
    (restatement.old ->> 'open')::numeric(18, 6) AS old_open,
    (restatement.new ->> 'open')::numeric(18, 6) AS new_open,
    (restatement.old ->> 'high')::numeric(18, 6) AS old_high,
    (restatement.new ->> 'high')::numeric(18, 6) AS new_high,
    (restatement.old ->> 'low')::numeric(18, 6) AS old_low,
    (restatement.new ->> 'low')::numeric(18, 6) AS new_low,
    (restatement.old ->> 'close')::numeric(18, 6) AS old_close,
    (restatement.new ->> 'close')::numeric(18, 6) AS new_close,
    (restatement.old ->> 'volume')::numeric(24, 6) AS old_volume,
    (restatement.new ->> 'volume')::numeric(24, 6) AS new_volume,
    (restatement.old ->> 'vwap')::numeric(18, 6) AS old_vwap,
    (restatement.new ->> 'vwap')::numeric(18, 6) AS new_vwap,
    (restatement.old ->> 'trade_count')::bigint AS old_trade_count,
    (restatement.new ->> 'trade_count')::bigint AS new_trade_count,
    jsonb_array_length(listed.causes) AS cause_count,
    (
        SELECT string_agg(DISTINCT word.cause, ', ' ORDER BY word.cause)
        FROM jsonb_array_elements(listed.causes) AS element (cause)
        CROSS JOIN LATERAL (
            SELECT CASE element.cause ->> 'action'
                WHEN 'new' THEN 'late trade'
                WHEN 'correct' THEN 'correction'
                WHEN 'cancel' THEN 'cancellation'
                ELSE element.cause ->> 'action'
            END AS cause
        ) AS word
    ) AS cause,
    restatement.market_at AT TIME ZONE 'UTC' AS market_at,
    restatement.restated_at AT TIME ZONE 'UTC' AS restated_at
FROM ops.restatement
LEFT JOIN market.subscription
    ON subscription.trading_date = restatement.trading_date
   AND subscription.symbol = restatement.symbol
   AND subscription.feed = restatement.feed
LEFT JOIN market.calendar ON calendar.calendar = subscription.calendar
CROSS JOIN LATERAL (
    SELECT CASE jsonb_typeof(restatement.causes) WHEN 'array' THEN restatement.causes ELSE '[]' END AS causes
) AS listed;

COMMENT ON VIEW mart.fact_restatement IS
    'One row per change of a one-minute bar after it was closed. old_ is null where there was no bar, new_ where none '
    'is left.';
COMMENT ON COLUMN mart.fact_restatement.restatement_id IS 'Number of the restatement; rises with the time it was made.';
COMMENT ON COLUMN mart.fact_restatement.symbol IS 'Symbol; see dim_symbol.';
COMMENT ON COLUMN mart.fact_restatement.trading_date IS 'The session''s date at the exchange; see dim_date.';
COMMENT ON COLUMN mart.fact_restatement.bar_start IS 'Beginning of the bar''s minute, UTC.';
COMMENT ON COLUMN mart.fact_restatement.bar_start_local IS
    'Beginning of the bar''s minute on the exchange''s clock; null where its calendar is not known.';
COMMENT ON COLUMN mart.fact_restatement.session_part IS 'pre, regular or post.';
COMMENT ON COLUMN mart.fact_restatement.feed IS 'Feed of the bar.';
COMMENT ON COLUMN mart.fact_restatement.old_open IS 'Open before.';
COMMENT ON COLUMN mart.fact_restatement.new_open IS 'Open since.';
COMMENT ON COLUMN mart.fact_restatement.old_high IS 'High before.';
COMMENT ON COLUMN mart.fact_restatement.new_high IS 'High since.';
COMMENT ON COLUMN mart.fact_restatement.old_low IS 'Low before.';
COMMENT ON COLUMN mart.fact_restatement.new_low IS 'Low since.';
COMMENT ON COLUMN mart.fact_restatement.old_close IS 'Close before.';
COMMENT ON COLUMN mart.fact_restatement.new_close IS 'Close since.';
COMMENT ON COLUMN mart.fact_restatement.old_volume IS 'Shares before.';
COMMENT ON COLUMN mart.fact_restatement.new_volume IS 'Shares since.';
COMMENT ON COLUMN mart.fact_restatement.old_vwap IS 'Volume-weighted average price before.';
COMMENT ON COLUMN mart.fact_restatement.new_vwap IS 'Volume-weighted average price since.';
COMMENT ON COLUMN mart.fact_restatement.old_trade_count IS 'Trades before.';
COMMENT ON COLUMN mart.fact_restatement.new_trade_count IS 'Trades since.';
COMMENT ON COLUMN mart.fact_restatement.cause_count IS 'Versions of trades that caused the change.';
COMMENT ON COLUMN mart.fact_restatement.cause IS
    'Kinds of those versions: late trade, correction, cancellation; several with a comma.';
COMMENT ON COLUMN mart.fact_restatement.market_at IS 'Market time of the change, UTC.';
COMMENT ON COLUMN mart.fact_restatement.restated_at IS 'When it was stored, UTC, host clock.';
