-- Whether a day of these feeds, which tell the same facts, holds events of the real market. Read by the demo before it
-- plays that day.
SELECT EXISTS (
    SELECT 1
    FROM market.event
    WHERE trading_date = %(trading_date)s
      AND feed = ANY (%(feeds)s)
      AND NOT synthetic
)
