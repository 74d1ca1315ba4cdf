-- What was sent in a letter's place and acknowledged, and the letter's new status.

WITH replayed AS (
    UPDATE ops.dead_letter
    SET status = 'replayed'
    WHERE dead_letter_id = %(dead_letter_id)s AND status = 'open'
    RETURNING dead_letter_id
)
INSERT INTO ops.dead_letter_replay (
    dead_letter_id, fix_id, poll_id, producer_id, partition, producer_seq, trading_date, entity_id, event_id, replayed_by
)
SELECT
    dead_letter_id, %(fix_id)s, %(poll_id)s, %(producer_id)s, %(partition)s, %(producer_seq)s, %(trading_date)s,
    %(entity_id)s, %(event_id)s, %(replayed_by)s
FROM replayed
