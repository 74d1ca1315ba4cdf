-- Our daily bars of one date against the provider's official ones, the differences first. Read by the session report.
SELECT
    reconciliation.symbol,
    reconciliation.feed,
    reconciliation.field,
    reconciliation.ours,
    reconciliation.official,
    reconciliation.difference,
    reconciliation.tolerance,
    reconciliation.within AS is_within,
    coalesce(reconciliation.explanation, '') AS explanation,
    reconciliation.provider
FROM mart.fact_reconciliation AS reconciliation
WHERE reconciliation.trading_date = %(trading_date)s
ORDER BY
    reconciliation.within,
    reconciliation.symbol,
    reconciliation.feed,
    reconciliation.field
