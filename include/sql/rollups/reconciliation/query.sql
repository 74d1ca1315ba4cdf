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
restated AS (
    SELECT symbol, feed, count(*) AS bars, max(restated_at) AS last_at
    FROM ops.restatement
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
    GROUP BY symbol, feed
),
--
unseen AS (
    SELECT
        symbol,
        feed,
        sum(minutes) AS minutes,
        string_agg(DISTINCT reason, ', ' ORDER BY reason) AS reasons
    FROM rollup.coverage
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
      AND status = 'missing'
      AND reason IN ('dead_lettered', 'lost', 'not_landed', 'our_outage', 'provider_gap', 'unexplained')
    GROUP BY symbol, feed
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
        official.updated_at,
        daily.open_basis,
        daily.close_basis,
        -- A day of ours without a trade has no scope of its own.
        coalesce(coalesce(daily.volume_scope, official.volume_scope) = official.volume_scope, false)
            AND official.volume_scope <> 'unknown' AS is_comparable,
        daily.volume_scope AS our_scope,
        daily.volume AS regular_volume,
        restated.bars AS restated_bars,
        restated.last_at AS restated_at,
        unseen.minutes AS unseen_minutes,
        unseen.reasons AS unseen_reasons,
        field.*
    FROM official
    JOIN rollup.daily
        ON daily.symbol = official.symbol
       AND daily.feed = official.feed
       AND daily.trading_date = official.trading_date
    LEFT JOIN all_parts
        ON all_parts.symbol = official.symbol
       AND all_parts.feed = official.feed
    LEFT JOIN restated
        ON restated.symbol = official.symbol
       AND restated.feed = official.feed
    LEFT JOIN unseen
        ON unseen.symbol = official.symbol
       AND unseen.feed = official.feed
    -- Highs, lows and sums are of the same trades and only differ when trades do; our open and close may be the primary
    -- auction's where the provider takes the first and last trade; a VWAP is told in six digits.
    CROSS JOIN LATERAL (
        VALUES
            ('open', daily.open, official.open, official.open * 0.001),
            ('high', daily.high, official.high, 0),
            ('low', daily.low, official.low, 0),
            ('close', daily.close, official.close, official.close * 0.001),
            ('volume', all_parts.volume, official.volume, 0),
            ('vwap', all_parts.notional / nullif(all_parts.volume, 0), official.vwap, 0.000001),
            ('trade_count', all_parts.trade_count, official.trade_count::numeric, 0)
    ) AS field (field, ours, official, tolerance)
)
SELECT
    symbol,
    feed,
    %(trading_date)s::date AS trading_date,
    field,
    round(ours, 6) AS ours,
    round(official, 6) AS official,
    round(tolerance, 6) AS tolerance,
    is_within AS within,
    volume_scope,
    CASE
        WHEN is_within THEN NULL
        WHEN restated_at > updated_at
            THEN format('%%s of our bars were restated after the provider last revised its bar', restated_bars)
        WHEN unseen_minutes > 0 THEN format('%%s of our minutes are missing: %%s', unseen_minutes, unseen_reasons)
        WHEN field = 'volume' AND official = regular_volume THEN 'the provider counts the regular part only'
        WHEN field = 'open' AND open_basis <> 'trade' THEN format('ours is the %%s print, the provider''s may be the first trade', open_basis)
        WHEN field = 'close' AND close_basis = 'correction' THEN 'ours is the corrected official close, the provider''s may be the one before it'
        WHEN field = 'close' AND close_basis <> 'trade' THEN format('ours is the %%s print, the provider''s may be the last trade', close_basis)
        WHEN ours IS NULL THEN 'we have no such figure: no eligible trade'
        WHEN official IS NULL THEN 'the provider gives no such figure'
        WHEN is_final IS NOT TRUE THEN 'the provider''s bar is not final'
        ELSE 'no stored fact explains it'
    END AS explanation,
    provider,
    entity_id
FROM compared
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
