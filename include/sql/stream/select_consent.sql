-- Up to which offset a person lets records become dead letters, however many they are.

SELECT coalesce(max(until_offset), 0)
FROM ops.dead_letter_consent
WHERE topic = %(topic)s
    AND partition = %(partition)s
    AND topic_id = %(topic_id)s
