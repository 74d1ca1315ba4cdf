-- The restated bars of one date, the newest change first, each row with how many there are in all. Read by the session report.
SELECT
    restatement.restatement_id,
    restatement.symbol,
    restatement.feed,
    coalesce(restatement.bar_start_local, restatement.bar_start) AS bar_start_local,
    restatement.session_part,
    restatement.old_open,
    restatement.new_open,
    restatement.old_high,
    restatement.new_high,
    restatement.old_low,
    restatement.new_low,
    restatement.old_close,
    restatement.new_close,
    restatement.old_volume,
    restatement.new_volume,
    restatement.old_vwap,
    restatement.new_vwap,
    restatement.old_trade_count,
    restatement.new_trade_count,
    restatement.cause_count,
    coalesce(restatement.cause, '') AS cause,
    restatement.market_at,
    restatement.restated_at,
    count(*) OVER () AS in_all
FROM mart.fact_restatement AS restatement
WHERE restatement.trading_date = %(trading_date)s
ORDER BY restatement.restatement_id DESC
LIMIT %(most)s
