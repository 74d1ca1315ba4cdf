-- The calendars that are followed, and which one says what a trading day is. Parameters: calendars and time_zones
-- (parallel arrays), primary_calendar.

WITH given AS (
    SELECT calendar, time_zone, calendar = %(primary_calendar)s AS is_primary
    FROM unnest(%(calendars)s::text[], %(time_zones)s::text[]) AS wanted (calendar, time_zone)
),
retired AS (
    UPDATE market.calendar
    SET is_primary = false
    WHERE is_primary
      AND calendar <> ALL (%(calendars)s::text[])
)
INSERT INTO market.calendar AS stored (calendar, time_zone, is_primary)
SELECT calendar, time_zone, is_primary
FROM given
ON CONFLICT (calendar) DO UPDATE
SET
    time_zone = excluded.time_zone,
    is_primary = excluded.is_primary
WHERE (stored.time_zone, stored.is_primary) IS DISTINCT FROM (excluded.time_zone, excluded.is_primary);
