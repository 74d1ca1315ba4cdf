-- Which feed's bar is shown, after the order of the feeds has changed.

UPDATE rollup.bar
SET is_preferred = judged.is_preferred,
    computed_at = now()
FROM (
    SELECT
        bar.symbol,
        bar.feed,
        bar.interval_min,
        bar.bar_start,
        bar.session_part,
        row_number() OVER (
            PARTITION BY bar.symbol, bar.interval_min, bar.bar_start, bar.session_part
            ORDER BY preference.rank NULLS LAST, bar.feed
        ) = 1 AS is_preferred
    FROM rollup.bar
    LEFT JOIN market.feed_preference AS preference USING (feed)
) AS judged
WHERE judged.symbol = bar.symbol
  AND judged.feed = bar.feed
  AND judged.interval_min = bar.interval_min
  AND judged.bar_start = bar.bar_start
  AND judged.session_part = bar.session_part
  AND judged.is_preferred <> bar.is_preferred
