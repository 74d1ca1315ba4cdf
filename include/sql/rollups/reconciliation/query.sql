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
-- The first and the last trade that set a price in the regular part: where our day's edges lie.
edges AS (
    SELECT
        bar.symbol,
        bar.feed,
        (array_agg(bar.open ORDER BY bar.bar_start))[1] AS first_price,
        (array_agg(bar.close ORDER BY bar.bar_start DESC))[1] AS last_price,
        min(bar.bar_start) AS first_at,
        max(bar.bar_start) AS last_at
    FROM market.bar_1m AS bar
    JOIN official
        ON official.symbol = bar.symbol
       AND official.feed = bar.feed
    WHERE bar.trading_date = %(trading_date)s
      AND bar.session_part = 'regular'
      AND bar.close IS NOT NULL
    GROUP BY bar.symbol, bar.feed
),
--
-- What our bars said before the changes that followed the provider's last revision: the sums by how much they differ,
-- the prices each by itself.
restated AS (
    SELECT
        restatement.symbol,
        restatement.feed,
        count(*) AS bars,
        sum(coalesce((new ->> 'volume')::numeric, 0) - coalesce((old ->> 'volume')::numeric, 0)) AS volume,
        sum(coalesce((new ->> 'notional')::numeric, 0) - coalesce((old ->> 'notional')::numeric, 0)) AS notional,
        sum(coalesce((new ->> 'trade_count')::numeric, 0) - coalesce((old ->> 'trade_count')::numeric, 0))
            AS trade_count,
        array_agg((old ->> 'open')::numeric) AS opens,
        array_agg((old ->> 'high')::numeric) AS highs,
        array_agg((old ->> 'low')::numeric) AS lows,
        array_agg((old ->> 'close')::numeric) AS closes
    FROM ops.restatement
    JOIN official
        ON official.symbol = restatement.symbol
       AND official.feed = restatement.feed
    WHERE restatement.trading_date = %(trading_date)s
      AND restatement.restated_at > official.updated_at
    GROUP BY restatement.symbol, restatement.feed
),
--
unseen AS (
    SELECT
        symbol,
        feed,
        sum(minutes) AS minutes,
        string_agg(DISTINCT reason, ', ' ORDER BY reason) AS reasons,
        sum(minutes) FILTER (WHERE session_part = 'regular') AS regular_minutes,
        string_agg(DISTINCT reason, ', ' ORDER BY reason) FILTER (WHERE session_part = 'regular') AS regular_reasons,
        min(range_start) FILTER (WHERE session_part = 'regular') AS first_at,
        max(range_end) FILTER (WHERE session_part = 'regular') AS last_end
    FROM rollup.coverage
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
      AND status = 'missing'
      -- What the market itself explains hides no trade.
      AND reason NOT IN ('closed', 'halted', 'no_trade', 'not_subscribed', 'presumed_halt')
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
        daily.open_basis,
        daily.close_basis,
        -- A day of ours without a trade has no scope of its own.
        coalesce(coalesce(daily.volume_scope, official.volume_scope) = official.volume_scope, false)
            AND official.volume_scope <> 'unknown' AS is_comparable,
        daily.volume_scope AS our_scope,
        CASE field.field
            WHEN 'volume' THEN daily.volume
            WHEN 'trade_count' THEN daily.trade_count
            WHEN 'vwap' THEN daily.vwap
        END AS regular_figure,
        CASE field.field WHEN 'open' THEN edges.first_price WHEN 'close' THEN edges.last_price END AS traded,
        restated.bars AS restated_bars,
        -- Whether the provider still shows what ours was.
        coalesce(CASE field.field
            WHEN 'open' THEN official.open = ANY (restated.opens)
            WHEN 'high' THEN official.high = ANY (restated.highs)
            WHEN 'low' THEN official.low = ANY (restated.lows)
            WHEN 'close' THEN official.close = ANY (restated.closes)
            WHEN 'volume' THEN official.volume = all_parts.volume - restated.volume
            WHEN 'trade_count' THEN official.trade_count = all_parts.trade_count - restated.trade_count
            WHEN 'vwap' THEN abs(
                official.vwap
                - (all_parts.notional - restated.notional) / nullif(all_parts.volume - restated.volume, 0)
            ) <= 0.000001
        END, false) AS is_ours_before,
        -- Whether trades of the minutes that we miss can make this difference: they add to sums, widen the range, and
        -- open or close the day only where they lie before our first or after our last trade.
        coalesce(CASE field.field
            WHEN 'volume' THEN unseen.minutes > 0 AND official.volume > coalesce(all_parts.volume, 0)
            WHEN 'trade_count' THEN unseen.minutes > 0 AND official.trade_count > coalesce(all_parts.trade_count, 0)
            WHEN 'vwap' THEN unseen.minutes > 0 AND official.volume > coalesce(all_parts.volume, 0)
            WHEN 'high' THEN unseen.regular_minutes > 0 AND (official.high > daily.high) IS NOT FALSE
            WHEN 'low' THEN unseen.regular_minutes > 0 AND (official.low < daily.low) IS NOT FALSE
            WHEN 'open' THEN (unseen.first_at < edges.first_at) IS NOT FALSE
                AND unseen.regular_minutes > 0
                AND coalesce(daily.open_basis, 'trade') = 'trade'
            WHEN 'close' THEN (unseen.last_end > edges.last_at + INTERVAL '1 minute') IS NOT FALSE
                AND unseen.regular_minutes > 0
                AND coalesce(daily.close_basis, 'trade') = 'trade'
        END, false) AS is_unseen,
        CASE WHEN field.field IN ('volume', 'trade_count', 'vwap') THEN unseen.minutes ELSE unseen.regular_minutes END
            AS unseen_minutes,
        CASE WHEN field.field IN ('volume', 'trade_count', 'vwap') THEN unseen.reasons ELSE unseen.regular_reasons END
            AS unseen_reasons,
        field.*
    FROM official
    JOIN rollup.daily
        ON daily.symbol = official.symbol
       AND daily.feed = official.feed
       AND daily.trading_date = official.trading_date
    LEFT JOIN all_parts
        ON all_parts.symbol = official.symbol
       AND all_parts.feed = official.feed
    LEFT JOIN edges
        ON edges.symbol = official.symbol
       AND edges.feed = official.feed
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
            ('volume', coalesce(all_parts.volume, 0), official.volume, 0),
            ('vwap', all_parts.notional / nullif(all_parts.volume, 0), official.vwap, 0.000001),
            ('trade_count', coalesce(all_parts.trade_count, 0), official.trade_count::numeric, 0)
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
        WHEN is_ours_before
            THEN format('%%s of our bars were restated after the provider last revised its bar', restated_bars)
        WHEN is_unseen AND official IS NOT NULL THEN format('%%s of our minutes are missing: %%s', unseen_minutes, unseen_reasons)
        WHEN official = regular_figure THEN 'the provider counts the regular part only'
        WHEN field = 'open' AND open_basis <> 'trade' AND official = traded
            THEN format('ours is the %%s print, the provider''s the first trade', open_basis)
        WHEN field = 'close' AND close_basis = 'correction' AND official = traded
            THEN 'ours is the corrected official close, the provider''s the last trade'
        WHEN field = 'close' AND close_basis <> 'trade' AND official = traded
            THEN format('ours is the %%s print, the provider''s the last trade', close_basis)
        WHEN field IN ('open', 'close') AND told.auction IS NOT NULL
            THEN format('the provider''s is another print of the day: %%s', told.auction)
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
-- An open or close that somebody told and that the day did not take.
LEFT JOIN LATERAL (
    SELECT min(event.auction) AS auction
    FROM market.event
    WHERE NOT is_within
      AND event.trading_date = %(trading_date)s
      AND event.symbol = compared.symbol
      AND event.feed = compared.feed
      AND event.auction LIKE compared.field || '%%'
      AND event.price = compared.official
) AS told ON true
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
