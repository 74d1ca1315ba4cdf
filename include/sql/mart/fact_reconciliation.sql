-- Our daily bar beside the provider's official one, field by field. Grain and key: symbol, trading_date, feed, field.
-- Read by Power BI and SQL clients.

CREATE VIEW mart.fact_reconciliation AS
SELECT
    reconciliation.symbol,
    reconciliation.trading_date,
    reconciliation.feed,
    reconciliation.field,
    reconciliation.ours,
    reconciliation.official,
    reconciliation.difference,
    reconciliation.tolerance,
    reconciliation.within,
    reconciliation.explanation,
    reconciliation.provider
FROM rollup.reconciliation;

COMMENT ON VIEW mart.fact_reconciliation IS
    'One row per field of a day that the provider reports too, within one volume scope.';
COMMENT ON COLUMN mart.fact_reconciliation.symbol IS 'Symbol; see dim_symbol.';
COMMENT ON COLUMN mart.fact_reconciliation.trading_date IS 'The session''s date at the exchange; see dim_date.';
COMMENT ON COLUMN mart.fact_reconciliation.feed IS 'Feed of our day and of the provider''s.';
COMMENT ON COLUMN mart.fact_reconciliation.field IS
    'What is compared: open, high, low, close, volume, vwap, trade_count or volume_scope.';
COMMENT ON COLUMN mart.fact_reconciliation.ours IS 'Our number.';
COMMENT ON COLUMN mart.fact_reconciliation.official IS 'The provider''s number.';
COMMENT ON COLUMN mart.fact_reconciliation.difference IS 'ours less official.';
COMMENT ON COLUMN mart.fact_reconciliation.tolerance IS
    'Largest difference that counts as equal, in the field''s unit.';
COMMENT ON COLUMN mart.fact_reconciliation.within IS
    'Whether the difference is inside the tolerance; null where the field cannot be compared.';
COMMENT ON COLUMN mart.fact_reconciliation.explanation IS 'What explains the difference; null where nothing does.';
COMMENT ON COLUMN mart.fact_reconciliation.provider IS 'Provider of the official bar.';
