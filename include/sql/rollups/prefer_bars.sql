-- Which feed's bars are shown, after the order of the feeds has changed: the choice of bar/query.sql, for every stored
-- part of a day.

WITH known AS (
    SELECT DISTINCT symbol, trading_date, session_part, feed
    FROM rollup.bar
    UNION
    SELECT subscription.symbol, subscription.trading_date, part.session_part, subscription.feed
    FROM market.subscription
    JOIN market.session USING (calendar, trading_date)
    CROSS JOIN (VALUES ('pre'), ('regular'), ('post')) AS part (session_part)
),
chosen AS (
    SELECT DISTINCT ON (known.symbol, known.trading_date, known.session_part)
        known.symbol,
        known.trading_date,
        known.session_part,
        known.feed
    FROM known
    LEFT JOIN market.subscription USING (symbol, trading_date, feed)
    LEFT JOIN rollup.part_coverage AS covered USING (symbol, trading_date, session_part, feed)
    LEFT JOIN market.feed_preference AS preference USING (feed)
    ORDER BY
        known.symbol,
        known.trading_date,
        known.session_part,
        coalesce(known.feed IN ('replay', 'tape', 'round_the_clock') OR subscription.synthetic, false),
        covered.coverage_pct DESC NULLS LAST,
        preference.rank NULLS LAST,
        known.feed
)
UPDATE rollup.bar
SET is_preferred = chosen.feed = bar.feed,
    computed_at = now()
FROM chosen
WHERE chosen.symbol = bar.symbol
  AND chosen.trading_date = bar.trading_date
  AND chosen.session_part = bar.session_part
  AND bar.is_preferred <> (chosen.feed = bar.feed)
