-- Symbols: what include/symbols.csv says, and every other one that has facts, so that each fact finds its row.
-- Grain and key: symbol, plus the row UNKNOWN. Read by Power BI and SQL clients.

CREATE VIEW mart.dim_symbol AS
WITH RECURSIVE computed AS (
    -- The distinct symbols of a large table, one index probe each.
    (SELECT symbol FROM rollup.daily ORDER BY symbol LIMIT 1)
    UNION ALL
    SELECT (SELECT daily.symbol FROM rollup.daily WHERE daily.symbol > computed.symbol ORDER BY daily.symbol LIMIT 1)
    FROM computed
    WHERE computed.symbol IS NOT NULL
),
--
watched AS (
    SELECT symbol, calendar
    FROM market.subscription
    WHERE trading_date = (SELECT max(trading_date) FROM market.subscription)
),
--
known AS (
    SELECT symbol FROM computed WHERE symbol IS NOT NULL
    UNION
    SELECT symbol FROM watched
    UNION
    SELECT symbol FROM market.feed_progress
    UNION
    SELECT symbol FROM market.symbol
),
--
listed AS (
    SELECT DISTINCT ON (symbol)
        symbol,
        name,
        mic,
        calendar,
        currency,
        sector,
        is_fictitious,
        valid_from,
        valid_to,
        renamed_to
    FROM market.symbol
    ORDER BY symbol, valid_from DESC
),
--
-- What a renamed symbol is called today, over any number of renames.
renamed AS (
    SELECT symbol, renamed_to, 1 AS steps
    FROM listed
    WHERE renamed_to IS NOT NULL
    UNION ALL
    SELECT renamed.symbol, listed.renamed_to, renamed.steps + 1
    FROM renamed
    JOIN listed ON listed.symbol = renamed.renamed_to
    WHERE listed.renamed_to IS NOT NULL
      AND renamed.steps < 20
),
--
latest_name AS (
    SELECT DISTINCT ON (symbol) symbol, renamed_to
    FROM renamed
    ORDER BY symbol, steps DESC
)
SELECT
    known.symbol,
    coalesce(listed.name, known.symbol) AS name,
    coalesce(listed.mic, 'UNKNOWN') AS mic,
    coalesce(
        listed.calendar,
        followed.calendar,
        (
            SELECT daily.calendar
            FROM rollup.daily
            WHERE daily.symbol = known.symbol
            ORDER BY daily.trading_date DESC
            LIMIT 1
        ),
        'UNKNOWN'
    ) AS calendar,
    coalesce(listed.currency, 'UNKNOWN') AS currency,
    coalesce(listed.sector, 'Unknown') AS sector,
    coalesce(listed.is_fictitious, false) AS is_fictitious,
    listed.valid_from,
    listed.valid_to,
    coalesce(latest_name.renamed_to, known.symbol) AS current_symbol
FROM known
LEFT JOIN listed USING (symbol)
LEFT JOIN latest_name USING (symbol)
LEFT JOIN (SELECT symbol, min(calendar) AS calendar FROM watched GROUP BY symbol) AS followed USING (symbol)
UNION ALL
SELECT 'UNKNOWN', 'Unknown symbol', 'UNKNOWN', 'UNKNOWN', 'UNKNOWN', 'Unknown', false, NULL, NULL, 'UNKNOWN'
WHERE NOT EXISTS (SELECT FROM known WHERE known.symbol = 'UNKNOWN');

COMMENT ON VIEW mart.dim_symbol IS
    'One row per symbol: those of include/symbols.csv, every other one that was ever watched, and UNKNOWN.';
COMMENT ON COLUMN mart.dim_symbol.symbol IS 'Canonical symbol in upper case, share class after a dot (BRK.B); unique.';
COMMENT ON COLUMN mart.dim_symbol.name IS
    'Name of the company or fund that has the symbol now, also beside facts from before valid_from, which are of another '
    'company; the symbol itself where it is not listed.';
COMMENT ON COLUMN mart.dim_symbol.mic IS 'Listing venue by ISO 10383, such as XNYS; UNKNOWN where it is not listed.';
COMMENT ON COLUMN mart.dim_symbol.calendar IS 'Trading calendar that the symbol follows; see dim_session.';
COMMENT ON COLUMN mart.dim_symbol.currency IS 'Currency of its prices by ISO 4217; UNKNOWN where it is not listed.';
COMMENT ON COLUMN mart.dim_symbol.sector IS 'Sector by GICS, Fund for a fund, Unknown where it is not listed.';
COMMENT ON COLUMN mart.dim_symbol.is_fictitious IS 'Whether the company exists in the simulated market only.';
COMMENT ON COLUMN mart.dim_symbol.valid_from IS
    'First day on which the symbol meant this company. Of several companies the newest is shown; adjusted prices, returns '
    'and averages never run from one to another.';
COMMENT ON COLUMN mart.dim_symbol.valid_to IS 'Last day on which it did; null while it still does.';
COMMENT ON COLUMN mart.dim_symbol.current_symbol IS
    'What the company''s symbol is today; another one only after a rename. Group by it to see a history across '
    'renames: returns and adjusted prices go on over them.';
