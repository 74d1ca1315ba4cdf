-- Our day beside the provider's official daily bar: one row per field, or one row that says why nothing is compared.
-- The provider counts volume, trades and VWAP over all parts of the day and prices over the regular part. Parameters:
-- trading_date, symbols. Read by reconciliation/store.sql.

WITH official AS (
    -- Several providers may tell a day of one feed; a final bar is worth more than one that may still change.
    SELECT DISTINCT ON (symbol, feed)
        *
    FROM market.provider_bar
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
      AND interval = 'P1D'
      AND adjustment = 'raw'
    ORDER BY symbol, feed, is_final DESC NULLS LAST, updated_at DESC, entity_id
),
--
all_parts AS (
    SELECT
        bar.symbol,
        bar.feed,
        sum(bar.volume) AS volume,
        sum(bar.notional) AS notional,
        sum(bar.trade_count) AS trade_count
    FROM market.bar_1m AS bar
    JOIN official
        ON official.symbol = bar.symbol
       AND official.feed = bar.feed
    WHERE bar.trading_date = %(trading_date)s
    GROUP BY bar.symbol, bar.feed
),
--
-- Restatements since the provider last revised its bar, by the fields of the day that they changed.
restated AS (
    SELECT restated.symbol, restated.feed, changed.field, count(DISTINCT (restated.bar_start, restated.session_part)) AS bars
    FROM official
    JOIN ops.restatement AS restated
        ON restated.symbol = official.symbol
       AND restated.feed = official.feed
       AND restated.trading_date = official.trading_date
       AND restated.restated_at > official.updated_at
    CROSS JOIN (
        VALUES
            ('open', 'open', true),
            ('high', 'high', true),
            ('low', 'low', true),
            ('close', 'close', true),
            ('volume', 'volume', false),
            ('vwap', 'notional', false),
            ('vwap', 'volume', false),
            ('trade_count', 'trade_count', false)
    ) AS changed (field, figure, is_regular)
    WHERE (restated.old ->> changed.figure) IS DISTINCT FROM (restated.new ->> changed.figure)
      AND (NOT changed.is_regular OR restated.session_part = 'regular')
    GROUP BY restated.symbol, restated.feed, changed.field
),
-- First and last price of the regular part, and the closes that were told before a correction.
prices AS (
    SELECT
        bar.symbol,
        bar.feed,
        (array_agg(bar.open ORDER BY bar.bar_start) FILTER (WHERE bar.open IS NOT NULL))[1] AS first_price,
        (array_agg(bar.close ORDER BY bar.bar_start DESC) FILTER (WHERE bar.close IS NOT NULL))[1] AS last_price,
        min(bar.bar_start) AS first_at,
        max(bar.bar_start) AS last_at
    FROM market.bar_1m AS bar
    JOIN official
        ON official.symbol = bar.symbol
       AND official.feed = bar.feed
    WHERE bar.trading_date = %(trading_date)s
      AND bar.session_part = 'regular'
    GROUP BY bar.symbol, bar.feed
),
--
told_closes AS (
    SELECT symbol, feed, array_agg(price) AS prices
    FROM market.event
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
      AND event_type = 'trade'
      AND action <> 'cancel'
      AND auction IN ('close', 'close_report')
    GROUP BY symbol, feed
),
-- Minutes that we miss: of all parts, of the regular one, and of that before our first and after our last trade. Trades
-- of a missing minute can only raise a volume, a count or a high, lower a low, open before ours and close after it.
unseen AS (
    SELECT
        coverage.symbol,
        coverage.feed,
        side.field,
        sum(coverage.minutes) AS minutes,
        string_agg(DISTINCT coverage.reason, ', ' ORDER BY coverage.reason) AS reasons
    FROM rollup.coverage
    LEFT JOIN prices USING (symbol, feed)
    CROSS JOIN LATERAL (
        VALUES
            ('volume', true),
            ('trade_count', true),
            ('vwap', true),
            ('high', coverage.session_part = 'regular'),
            ('low', coverage.session_part = 'regular'),
            ('open', coverage.session_part = 'regular' AND coverage.range_start < coalesce(prices.first_at, 'infinity')),
            ('close', coverage.session_part = 'regular' AND coverage.range_end > coalesce(prices.last_at, '-infinity'))
    ) AS side (field, is_touched)
    WHERE coverage.trading_date = %(trading_date)s
      AND coverage.symbol = ANY (%(symbols)s)
      AND coverage.status = 'missing'
      AND coverage.reason IN ('dead_lettered', 'lost', 'not_landed', 'our_outage', 'provider_gap', 'unexplained')
      AND side.is_touched
    GROUP BY coverage.symbol, coverage.feed, side.field
),
--
compared AS (
    SELECT
        official.symbol,
        official.feed,
        official.provider,
        official.entity_id,
        coalesce(official.volume_scope, 'unknown') AS volume_scope,
        official.is_final,
        daily.open_basis,
        daily.close_basis,
        -- A day of ours without a trade has no scope of its own.
        coalesce(coalesce(daily.volume_scope, official.volume_scope) = official.volume_scope, false)
            AND official.volume_scope <> 'unknown' AS is_comparable,
        daily.volume_scope AS our_scope,
        daily.volume AS regular_volume,
        prices.first_price,
        prices.last_price,
        told_closes.prices AS told_closes,
        field.*
    FROM official
    JOIN rollup.daily
        ON daily.symbol = official.symbol
       AND daily.feed = official.feed
       AND daily.trading_date = official.trading_date
    LEFT JOIN all_parts
        ON all_parts.symbol = official.symbol
       AND all_parts.feed = official.feed
    LEFT JOIN prices
        ON prices.symbol = official.symbol
       AND prices.feed = official.feed
    LEFT JOIN told_closes
        ON told_closes.symbol = official.symbol
       AND told_closes.feed = official.feed
    -- Highs, lows and sums are of the same trades and only differ when trades do; our open and close may be the primary
    -- auction's where the provider takes the first and last trade; a VWAP is told in six digits.
    CROSS JOIN LATERAL (
        VALUES
            ('open', daily.open, official.open, official.open * 0.001),
            ('high', daily.high, official.high, 0),
            ('low', daily.low, official.low, 0),
            ('close', daily.close, official.close, official.close * 0.001),
            ('volume', coalesce(all_parts.volume, 0), official.volume, 0),
            ('vwap', all_parts.notional / nullif(all_parts.volume, 0), official.vwap, 0.000001),
            ('trade_count', coalesce(all_parts.trade_count, 0), official.trade_count::numeric, 0)
    ) AS field (field, ours, official, tolerance)
)
SELECT
    compared.symbol,
    compared.feed,
    %(trading_date)s::date AS trading_date,
    compared.field,
    round(ours, 6) AS ours,
    round(official, 6) AS official,
    round(tolerance, 6) AS tolerance,
    is_within AS within,
    volume_scope,
    CASE
        WHEN is_within THEN NULL
        WHEN restated.bars > 0
            THEN format('%%s of our bars were restated after the provider last revised its bar', restated.bars)
        WHEN unseen.minutes > 0
            AND (
                ours IS NULL
                OR CASE
                    WHEN compared.field IN ('high', 'volume', 'trade_count') THEN ours < official
                    WHEN compared.field = 'low' THEN ours > official
                    ELSE true
                END
            )
            THEN format('%%s of our minutes are missing: %%s', unseen.minutes, unseen.reasons)
        WHEN compared.field = 'volume' AND official = regular_volume THEN 'the provider counts the regular part only'
        WHEN compared.field = 'open' AND open_basis <> 'trade' AND official = first_price
            THEN format('ours is the %%s print, the provider''s the first trade', open_basis)
        WHEN compared.field = 'close' AND close_basis = 'correction' AND official = ANY (told_closes || last_price)
            THEN 'ours is the corrected official close, the provider''s the one before it'
        WHEN compared.field = 'close' AND close_basis IN ('auction', 'report') AND official = last_price
            THEN format('ours is the %%s print, the provider''s the last trade', close_basis)
        WHEN ours IS NULL THEN 'we have no such figure: no eligible trade'
        WHEN official IS NULL THEN 'the provider gives no such figure'
        WHEN is_final IS NOT TRUE THEN 'the provider''s bar is not final'
        ELSE 'no stored fact explains it'
    END AS explanation,
    provider,
    entity_id
FROM compared
LEFT JOIN restated USING (symbol, feed, field)
LEFT JOIN unseen USING (symbol, feed, field)
CROSS JOIN LATERAL (
    SELECT coalesce(abs(round(ours, 6) - round(official, 6)) <= round(tolerance, 6), ours IS NULL AND official IS NULL)
        AS is_within
) AS judged
WHERE is_comparable
UNION ALL
SELECT DISTINCT
    symbol,
    feed,
    %(trading_date)s::date,
    'volume_scope',
    NULL::numeric,
    NULL::numeric,
    NULL::numeric,
    NULL::boolean,
    volume_scope,
    format('ours is %%s, the provider''s %%s: not compared', coalesce(our_scope, 'unknown'), volume_scope),
    provider,
    entity_id
FROM compared
WHERE NOT is_comparable
ORDER BY symbol, feed, field
