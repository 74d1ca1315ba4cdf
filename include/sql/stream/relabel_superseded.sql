-- Every older version of a fact names the version that is current now, whatever the order of arrival.

UPDATE market.event_superseded AS event
SET superseded_by = contest.winner_id
FROM contest
WHERE event.trading_date = contest.trading_date
    AND event.entity_id = contest.entity_id
    AND event.event_id = contest.event_id
    AND event.superseded_by <> contest.winner_id
