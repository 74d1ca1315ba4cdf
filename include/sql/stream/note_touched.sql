-- Every fact of the batch is new: what they are about has changed.

INSERT INTO changed (symbol, feed, trading_date, event_type, entity_id, bar_start, bar_session_part)
SELECT symbol, feed, trading_date, event_type, entity_id, to_timestamp(minute * 60), bar_session_part
FROM touched
