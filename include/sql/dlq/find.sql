-- Dead letters by what a person asks for, oldest first; a null parameter asks for anything. Behind `after_*`, when they
-- are given. A letter that was corrected and not yet replayed is `fixed`.

SELECT
    letter.dead_letter_id,
    CASE WHEN letter.status = 'open' AND fix.fix_id IS NOT NULL THEN 'fixed' ELSE letter.status END AS state,
    letter.reason,
    letter.detail,
    letter.provider,
    letter.endpoint,
    letter.feed,
    letter.symbol,
    letter.request,
    letter.kafka_topic,
    letter.kafka_partition,
    letter.kafka_offset,
    letter.producer_id,
    letter.producer_seq,
    letter.received_at,
    letter.landed_at,
    octet_length(letter.body) AS body_bytes,
    substring(letter.body FROM 1 FOR %(body_limit)s) AS body,
    fix.fix_id,
    fix.body AS fixed_body,
    fix.fixed_by,
    fix.fixed_at
FROM ops.dead_letter AS letter
LEFT JOIN LATERAL (
    SELECT newest.fix_id, newest.body, newest.fixed_by, newest.fixed_at
    FROM ops.dead_letter_fix AS newest
    WHERE newest.dead_letter_id = letter.dead_letter_id
    ORDER BY newest.fix_id DESC
    LIMIT 1
) AS fix ON true
WHERE (%(ids)s::uuid[] IS NULL OR letter.dead_letter_id = ANY(%(ids)s::uuid[]))
    AND (%(status)s::text IS NULL OR letter.status = %(status)s)
    AND (%(is_fixed)s::boolean IS NULL OR (fix.fix_id IS NOT NULL) = %(is_fixed)s)
    AND (%(reason)s::text IS NULL OR letter.reason = %(reason)s)
    AND (%(producer)s::text IS NULL OR letter.producer_id = %(producer)s)
    AND (%(landed_on)s::date IS NULL OR letter.landed_at >= %(landed_on)s::date AND letter.landed_at < %(landed_on)s::date + 1)
    AND (%(after_at)s::timestamptz IS NULL OR (letter.landed_at, letter.dead_letter_id) > (%(after_at)s, %(after_id)s))
ORDER BY letter.landed_at, letter.dead_letter_id
LIMIT %(most)s
