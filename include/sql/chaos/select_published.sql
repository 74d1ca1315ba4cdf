-- A poll that began after a moment of the host's clock, has published and is committed. No row: there is none yet.
SELECT poll_id
FROM ops.poll
WHERE requested_at > %(since)s
    AND purpose <> 'replay'
    AND events > 0
LIMIT 1
