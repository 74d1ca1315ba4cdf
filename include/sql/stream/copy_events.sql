-- Facts that are new, straight into their table; a known one makes the statement fail.

COPY market.event (
    {event_columns},
    batch_id
) FROM STDIN
