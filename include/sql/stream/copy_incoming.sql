-- The distinct versions of a batch, in the column order of marketpulse.stream.row.

COPY incoming (
    {event_columns},
    has_rival
) FROM STDIN
