-- Weeks and months. Grain and key: symbol, period, period_start. Read by Power BI and SQL clients.

CREATE VIEW mart.fact_period AS
SELECT
    period.symbol,
    period.period,
    period.period_start,
    period.period_end,
    period.feed,
    period.open,
    period.high,
    period.low,
    period.close,
    period.volume,
    period.notional::numeric(28, 6) AS notional,
    period.vwap,
    period.trade_count,
    period.sessions,
    period.return_pct,
    period.coverage_pct,
    period.state,
    period.volume_scope
FROM rollup.period;

COMMENT ON VIEW mart.fact_period IS 'One row per symbol and week or month, prices and volume split-adjusted.';
COMMENT ON COLUMN mart.fact_period.symbol IS 'Symbol; see dim_symbol.';
COMMENT ON COLUMN mart.fact_period.period IS 'week (from Monday) or month.';
COMMENT ON COLUMN mart.fact_period.period_start IS 'First calendar day of the period.';
COMMENT ON COLUMN mart.fact_period.period_end IS 'Last calendar day of the period.';
COMMENT ON COLUMN mart.fact_period.feed IS
    'Feed that every number of the row comes from: the one that covered the whole period best.';
COMMENT ON COLUMN mart.fact_period.open IS 'Open of the first session.';
COMMENT ON COLUMN mart.fact_period.high IS 'Highest price of the sessions.';
COMMENT ON COLUMN mart.fact_period.low IS 'Lowest price of the sessions.';
COMMENT ON COLUMN mart.fact_period.close IS 'Close of the last session.';
COMMENT ON COLUMN mart.fact_period.volume IS
    'Shares of the sessions'' regular parts; null where the scope changes inside the period.';
COMMENT ON COLUMN mart.fact_period.notional IS 'Sum of price times size, in the symbol''s currency.';
COMMENT ON COLUMN mart.fact_period.vwap IS
    'notional divided by volume. Over several rows: sum(notional) / sum(volume).';
COMMENT ON COLUMN mart.fact_period.trade_count IS 'Trades that add volume.';
COMMENT ON COLUMN mart.fact_period.sessions IS 'Sessions of the period that are in the row.';
COMMENT ON COLUMN mart.fact_period.return_pct IS 'Close on the close of the period right before, in percent; null unless the last session of that one was recorded.';
COMMENT ON COLUMN mart.fact_period.coverage_pct IS
    'Covered minutes of the expected ones of all its sessions, recorded or not, in percent; of the newest period up to the '
    'symbol''s newest recorded day.';
COMMENT ON COLUMN mart.fact_period.state IS
    'provisional while one of its days is, another session is to come or one was not recorded; restated when one of its '
    'days is; else final.';
COMMENT ON COLUMN mart.fact_period.volume_scope IS
    'What the volume counts: consolidated, venue_iex, provider_partial or unknown.';
