-- Every version, known or incoming, of each fact that has more than one, and which of them wins:
-- cancel > correct > new, then the later receipt, then the higher event id. A version's receipt is its earliest.

INSERT INTO contest
WITH contested AS (
    SELECT DISTINCT
        incoming.trading_date,
        incoming.entity_id
    FROM incoming
    LEFT JOIN market.event AS known
        ON known.trading_date = incoming.trading_date
        AND known.entity_id = incoming.entity_id
        AND known.trading_date = ANY(%(dates)s::date[])
    WHERE incoming.has_rival OR known.entity_id IS NOT NULL
),
--
sighting AS (
    SELECT trading_date, entity_id, event_id, action, received_at, 0 AS place
    FROM contested
    INNER JOIN market.event USING (trading_date, entity_id)
    WHERE trading_date = ANY(%(dates)s::date[])
    UNION ALL
    SELECT trading_date, entity_id, event_id, action, received_at, 1
    FROM contested
    INNER JOIN market.event_superseded USING (trading_date, entity_id)
    UNION ALL
    SELECT trading_date, entity_id, event_id, action, received_at, 2
    FROM contested
    INNER JOIN incoming USING (trading_date, entity_id)
),
--
version AS (
    SELECT
        trading_date,
        entity_id,
        event_id,
        (array_agg(action ORDER BY place))[1] AS action,
        min(received_at) AS received_at,
        bool_or(place = 2) AS is_incoming,
        bool_or(place = 0) AS was_current,
        bool_or(place = 1) AS was_superseded
    FROM sighting
    GROUP BY trading_date, entity_id, event_id
)
SELECT
    trading_date,
    entity_id,
    event_id,
    received_at,
    is_incoming,
    was_current,
    was_superseded,
    bool_or(was_current) OVER fact AS is_known_fact,
    first_value(event_id) OVER ranking AS winner_id,
    first_value(action) OVER ranking AS winner_action
FROM version
WINDOW
    fact AS (PARTITION BY trading_date, entity_id),
    ranking AS (
        PARTITION BY trading_date, entity_id
        ORDER BY
            CASE action WHEN 'cancel' THEN 2 WHEN 'correct' THEN 1 ELSE 0 END DESC,
            received_at DESC,
            event_id DESC
    )
