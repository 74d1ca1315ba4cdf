-- Which run may commit now, and where it lives.

SELECT epoch, host, pid
FROM ops.stream_run
WHERE stream = %(stream)s
