-- The bodies of single trades that could not be read on one feed (not of whole answers); their day stands in the body.

SELECT body
FROM ops.dead_letter
WHERE feed = %(feed)s
  AND endpoint LIKE '%%trades'
  AND reason <> 'unreadable_answer'
