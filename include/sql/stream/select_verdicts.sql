-- What became of each incoming version of a contested fact; every other incoming version lands.

SELECT
    entity_id,
    event_id,
    CASE
        WHEN was_current OR was_superseded THEN 'duplicate'
        WHEN event_id = winner_id AND NOT is_known_fact THEN 'landed'
        ELSE 'superseding'
    END AS verdict
FROM contest
WHERE is_incoming
