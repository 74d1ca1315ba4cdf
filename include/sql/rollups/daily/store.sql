-- Put one computed day of some symbols in place of the stored one; vanished rows are removed. A day that was final and
-- shows another figure now is restated, with the next version, and each figure is noted. The braces hold daily/query.sql, which has the same
-- parameters. Returns the rows now in place.

WITH computed AS MATERIALIZED (
{query}
),
removed AS (
    DELETE FROM rollup.daily
    WHERE daily.trading_date = %(trading_date)s
      AND daily.symbol = ANY (%(symbols)s)
      AND NOT EXISTS (
          SELECT FROM computed WHERE computed.symbol = daily.symbol AND computed.feed = daily.feed
      )
),
noted AS (
    INSERT INTO ops.daily_restatement (symbol, trading_date, feed, version, field, old_value, new_value, cause)
    SELECT
        stored.symbol,
        stored.trading_date,
        stored.feed,
        stored.version + 1,
        figure.field,
        figure.old_value,
        figure.new_value,
        CASE
            WHEN EXISTS (
                SELECT
                FROM ops.restatement
                WHERE restatement.symbol = stored.symbol
                  AND restatement.trading_date = stored.trading_date
                  AND restatement.feed = stored.feed
                  AND restatement.restated_at >= stored.computed_at
            ) THEN 'restated bars'
            WHEN computed.poll_id IS DISTINCT FROM stored.poll_id THEN 'newer poll'
            ELSE 'changed facts'
        END
    FROM rollup.daily AS stored
    JOIN computed USING (symbol, trading_date, feed)
    CROSS JOIN LATERAL (
        SELECT old.key AS field, old.value #>> '{{}}' AS old_value, new.value #>> '{{}}' AS new_value
        FROM jsonb_each(to_jsonb(stored)) AS old
        JOIN jsonb_each(to_jsonb(computed)) AS new ON new.key = old.key
        WHERE old.value <> new.value
          AND old.key = ANY (ARRAY[
              'open', 'open_basis', 'high', 'low', 'close', 'close_basis', 'volume', 'notional', 'trade_count',
              'volume_pre', 'volume_post', 'trade_count_pre', 'trade_count_post', 'volume_scope',
              'realised_volatility', 'minutes_expected', 'minutes_with_trades', 'minutes_covered'
          ])
    ) AS figure
    WHERE stored.trading_date = %(trading_date)s
      AND stored.symbol = ANY (%(symbols)s)
      AND stored.state <> 'provisional'
)
INSERT INTO rollup.daily (
    symbol, trading_date, feed, calendar, open, open_basis, high, low, close, close_basis, volume, notional,
    trade_count, volume_pre, volume_post, trade_count_pre, trade_count_post, volume_scope, previous_date, next_date,
    previous_close, realised_volatility, minutes_expected, minutes_with_trades, minutes_covered, delay_s, is_synthetic, poll_id
)
SELECT
    symbol, trading_date, feed, calendar, open, open_basis, high, low, close, close_basis, volume, notional,
    trade_count, volume_pre, volume_post, trade_count_pre, trade_count_post, volume_scope, previous_date, next_date,
    previous_close, realised_volatility, minutes_expected, minutes_with_trades, minutes_covered, delay_s, is_synthetic, poll_id
FROM computed
ON CONFLICT (symbol, trading_date, feed) DO UPDATE SET
    (state, version) = (
        SELECT
            CASE WHEN changed.is_restatement THEN 'restated' ELSE daily.state END,
            CASE WHEN changed.is_restatement THEN daily.version + 1 ELSE daily.version END
        FROM (
            SELECT daily.state <> 'provisional' AND (
                daily.open, daily.open_basis, daily.high, daily.low, daily.close, daily.close_basis,
                daily.volume, daily.notional, daily.trade_count, daily.volume_pre, daily.volume_post,
                daily.trade_count_pre, daily.trade_count_post, daily.volume_scope,
                daily.realised_volatility, daily.minutes_expected, daily.minutes_with_trades,
                daily.minutes_covered
            ) IS DISTINCT FROM (
                excluded.open, excluded.open_basis, excluded.high, excluded.low, excluded.close,
                excluded.close_basis, excluded.volume, excluded.notional, excluded.trade_count,
                excluded.volume_pre, excluded.volume_post, excluded.trade_count_pre, excluded.trade_count_post,
                excluded.volume_scope, excluded.realised_volatility,
                excluded.minutes_expected, excluded.minutes_with_trades, excluded.minutes_covered
            ) AS is_restatement
        ) AS changed
    ),
    calendar = excluded.calendar,
    open = excluded.open,
    open_basis = excluded.open_basis,
    high = excluded.high,
    low = excluded.low,
    close = excluded.close,
    close_basis = excluded.close_basis,
    volume = excluded.volume,
    notional = excluded.notional,
    trade_count = excluded.trade_count,
    volume_pre = excluded.volume_pre,
    volume_post = excluded.volume_post,
    trade_count_pre = excluded.trade_count_pre,
    trade_count_post = excluded.trade_count_post,
    volume_scope = excluded.volume_scope,
    previous_date = excluded.previous_date,
    next_date = excluded.next_date,
    previous_close = excluded.previous_close,
    realised_volatility = excluded.realised_volatility,
    minutes_expected = excluded.minutes_expected,
    minutes_with_trades = excluded.minutes_with_trades,
    minutes_covered = excluded.minutes_covered,
    delay_s = excluded.delay_s,
    is_synthetic = excluded.is_synthetic,
    poll_id = excluded.poll_id,
    computed_at = now()
RETURNING symbol, feed
