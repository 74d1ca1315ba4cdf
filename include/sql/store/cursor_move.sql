-- Sets the cursors of one endpoint on one day; runs in the transaction that wrote the poll.
INSERT INTO ops.cursor (provider, feed, endpoint, symbol, trading_date, next_at, poll_id, updated_at)
SELECT
    %(provider)s,
    %(feed)s,
    %(endpoint)s,
    symbol,
    %(trading_date)s,
    %(next_at)s,
    %(poll_id)s,
    now()
FROM unnest(%(symbols)s::text[]) AS wanted (symbol)
ON CONFLICT (provider, feed, endpoint, symbol, trading_date) DO UPDATE
SET
    next_at = EXCLUDED.next_at,
    poll_id = EXCLUDED.poll_id,
    updated_at = EXCLUDED.updated_at;
