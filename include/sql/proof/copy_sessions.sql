-- The session that each subscribed symbol and feed had that day, in minutes since 1970.

COPY (
    SELECT
        subscription.symbol,
        subscription.feed,
        extract(epoch FROM session.pre_open_at)::bigint / 60 AS pre_open_min,
        extract(epoch FROM session.open_at)::bigint / 60 AS open_min,
        extract(epoch FROM session.close_at)::bigint / 60 AS close_min
    FROM market.subscription
    JOIN market.session USING (calendar, trading_date)
    WHERE subscription.trading_date = %(trading_date)s
) TO STDOUT (FORMAT csv)
