-- Forget the dirt that this computation saw. A row that the stream holds or has raised meanwhile stays for the next one.

DELETE FROM ops.dirty_day
WHERE (symbol, trading_date) IN (
    SELECT dirty.symbol, dirty.trading_date
    FROM ops.dirty_day AS dirty
    JOIN unnest(%(symbols)s::text[], %(revisions)s::bigint[]) AS seen (symbol, revision)
        ON seen.symbol = dirty.symbol
       AND seen.revision = dirty.revision
    WHERE dirty.trading_date = %(trading_date)s
    FOR UPDATE OF dirty SKIP LOCKED
)
