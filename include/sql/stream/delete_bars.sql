-- Bars whose last trade was cancelled.

DELETE FROM market.bar_1m AS bar
USING rebuilt_bar
WHERE rebuilt_bar.old IS NOT NULL AND rebuilt_bar.new IS NULL
    AND bar.symbol = rebuilt_bar.symbol
    AND bar.feed = rebuilt_bar.feed
    AND bar.bar_start = rebuilt_bar.bar_start
    AND bar.session_part = rebuilt_bar.session_part
