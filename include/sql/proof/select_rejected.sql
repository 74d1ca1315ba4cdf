-- The bodies of single trades that could not be read on one feed (not of whole answers), in the proof's batches; their day
-- stands in the body.

SELECT letter.body
FROM proof_batch
JOIN ops.dead_letter AS letter USING (batch_id)
WHERE feed = %(feed)s
  AND endpoint LIKE '%%trades'
  AND reason <> 'unreadable_answer'
