-- The symbols of one day with minutes whose records are on their way, and dirt for those that have none: the day is
-- computed again. Parameters: trading_date, symbols.

WITH waiting AS (
    SELECT DISTINCT symbol, trading_date
    FROM rollup.coverage
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
      AND reason = 'not_landed'
),
marked AS (
    INSERT INTO ops.dirty_day (symbol, trading_date, revision)
    SELECT symbol, trading_date, nextval('ops.stream_batch_id')
    FROM waiting
    WHERE NOT EXISTS (
        SELECT
        FROM ops.dirty_day AS dirty
        WHERE dirty.symbol = waiting.symbol
          AND dirty.trading_date = waiting.trading_date
    )
    ORDER BY symbol
    ON CONFLICT DO NOTHING
)
SELECT symbol
FROM waiting
