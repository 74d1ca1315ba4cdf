-- Put the comparison of one day of some symbols in place of the stored one: changed rows are written, vanished ones
-- removed. The braces hold reconciliation/query.sql, which has the same parameters.

WITH computed AS (
{query}
),
removed AS (
    DELETE FROM rollup.reconciliation
    WHERE reconciliation.trading_date = %(trading_date)s
      AND reconciliation.symbol = ANY (%(symbols)s)
      AND NOT EXISTS (
          SELECT
          FROM computed
          WHERE computed.symbol = reconciliation.symbol
            AND computed.feed = reconciliation.feed
            AND computed.field = reconciliation.field
      )
)
INSERT INTO rollup.reconciliation AS stored (
    symbol, feed, trading_date, field, ours, official, tolerance, within, volume_scope, explanation, provider, entity_id
)
SELECT
    symbol, feed, trading_date, field, ours, official, tolerance, within, volume_scope, explanation, provider, entity_id
FROM computed
ON CONFLICT (symbol, feed, trading_date, field) DO UPDATE SET
    ours = excluded.ours,
    official = excluded.official,
    tolerance = excluded.tolerance,
    within = excluded.within,
    volume_scope = excluded.volume_scope,
    explanation = excluded.explanation,
    provider = excluded.provider,
    entity_id = excluded.entity_id,
    computed_at = now()
WHERE (
    stored.ours, stored.official, stored.tolerance, stored.within, stored.volume_scope, stored.explanation,
    stored.provider, stored.entity_id
) IS DISTINCT FROM (
    excluded.ours, excluded.official, excluded.tolerance, excluded.within, excluded.volume_scope, excluded.explanation,
    excluded.provider, excluded.entity_id
)
