-- The newest day that a range may begin with: today, or a later session that a simulated market has played.

SELECT greatest(current_date, max(trading_date))
FROM market.session
