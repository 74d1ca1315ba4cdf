-- The symbols whose rollups of one day wait for their computation.

COPY (
    SELECT symbol
    FROM ops.dirty_day
    WHERE trading_date = %(trading_date)s
) TO STDOUT (FORMAT csv)
