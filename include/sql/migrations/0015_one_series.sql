-- One choice of a feed for all bars of a part of a day; which letters of the tape are which listing venue; a day's
-- previous close beside its return; one series per company across renames and reused symbols.

-- How much of a part of a day a feed covered, counted as `rollup.daily` counts the regular part.
CREATE VIEW rollup.part_coverage AS
SELECT
    symbol,
    trading_date,
    feed,
    session_part,
    round(
        100.0 * coalesce(
            sum(minutes) FILTER (WHERE status <> 'missing' OR reason IN ('no_trade', 'halted', 'presumed_halt')),
            0
        ) / nullif(sum(minutes), 0),
        2
    ) AS coverage_pct
FROM rollup.coverage
GROUP BY symbol, trading_date, feed, session_part;
GRANT SELECT ON rollup.part_coverage TO marketpulse_operations;
COMMENT ON VIEW rollup.part_coverage IS 'Covered minutes of the expected ones of a part of a day on a feed, in percent.';

-- Participant letters of the consolidated tapes (CTA and UTP) by the market identifier of the listing. Nasdaq is Q on its
-- own tape and T on the others, and lists in three tiers.
CREATE VIEW market.exchange_venue (exchange, mic) AS
VALUES
    ('A', 'XASE'),
    ('N', 'XNYS'),
    ('P', 'ARCX'),
    ('V', 'IEXG'),
    ('Z', 'BATS'),
    ('Q', 'XNAS'), ('Q', 'XNGS'), ('Q', 'XNMS'), ('Q', 'XNCM'),
    ('T', 'XNAS'), ('T', 'XNGS'), ('T', 'XNMS'), ('T', 'XNCM');
GRANT SELECT ON market.exchange_venue TO marketpulse_operations;
COMMENT ON VIEW market.exchange_venue IS 'Letters under which a listing venue prints on the tape.';

-- Which company a symbol meant from when until when. A row says nothing of days outside it, so these are a company of
-- their own; days before the first row of a symbol are that row's, unless the company was called something else then.
CREATE VIEW market.listing AS
WITH RECURSIVE followed AS (
    -- The row that a renamed one goes on as; of several that claim it the last one's.
    SELECT DISTINCT ON (later.symbol, later.valid_from)
        earlier.symbol AS earlier_symbol,
        earlier.valid_from AS earlier_from,
        later.symbol,
        later.valid_from
    FROM market.symbol AS earlier
    CROSS JOIN LATERAL (
        SELECT symbol, valid_from
        FROM market.symbol
        WHERE symbol.symbol = earlier.renamed_to
          AND symbol.valid_from > earlier.valid_to
        ORDER BY valid_from
        LIMIT 1
    ) AS later
    ORDER BY later.symbol, later.valid_from, earlier.valid_to DESC, earlier.symbol
),
named AS (
    SELECT symbol, valid_from, symbol || ' ' || valid_from AS company, true AS is_first_name
    FROM market.symbol
    WHERE (symbol, valid_from) NOT IN (SELECT symbol, valid_from FROM followed)
    UNION ALL
    SELECT followed.symbol, followed.valid_from, named.company, false
    FROM named
    JOIN followed
        ON followed.earlier_symbol = named.symbol
       AND followed.earlier_from = named.valid_from
),
listed AS (
    SELECT
        symbol,
        valid_from,
        valid_to,
        company,
        is_first_name AND lag(valid_from) OVER in_order IS NULL AS is_from_the_beginning,
        lag(valid_from) OVER in_order IS NULL AS is_first,
        lead(valid_from) OVER in_order AS next_from
    FROM named
    JOIN market.symbol USING (symbol, valid_from)
    WINDOW in_order AS (PARTITION BY symbol ORDER BY valid_from)
)
SELECT
    symbol,
    CASE WHEN is_from_the_beginning THEN DATE '-infinity' ELSE valid_from END AS from_date,
    coalesce(valid_to, 'infinity') AS until_date,
    -- Before it nothing could be recorded.
    valid_from AS listed_from,
    company
FROM listed
UNION ALL
SELECT symbol, '-infinity', valid_from - 1, '-infinity', symbol || ' before ' || valid_from
FROM listed
WHERE is_first
  AND NOT is_from_the_beginning
UNION ALL
SELECT symbol, valid_to + 1, coalesce(next_from - 1, 'infinity'), valid_to + 1, symbol || ' after ' || valid_to
FROM listed
WHERE valid_to IS NOT NULL
  AND (next_from IS NULL OR next_from > valid_to + 1);
GRANT SELECT ON market.listing TO marketpulse_operations;
COMMENT ON VIEW market.listing IS
    'From when until when a symbol meant which company; a renamed company keeps its name here.';

-- Another list of symbols is another set of series.
CREATE FUNCTION market.mark_relisted() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ops.dirty_series AS dirty (symbol, from_date)
    SELECT symbol, DATE '1900-01-01'
    FROM (VALUES (OLD.symbol), (OLD.renamed_to), (NEW.symbol), (NEW.renamed_to)) AS named (symbol)
    WHERE EXISTS (SELECT FROM rollup.daily WHERE daily.symbol = named.symbol)
    GROUP BY symbol
    ON CONFLICT (symbol) DO UPDATE SET
        from_date = excluded.from_date,
        dirtied_at = now();
    RETURN NULL;
END
$$;
CREATE TRIGGER symbol_listed AFTER INSERT OR DELETE ON market.symbol
    FOR EACH ROW EXECUTE FUNCTION market.mark_relisted();
CREATE TRIGGER symbol_relisted AFTER UPDATE ON market.symbol
    FOR EACH ROW
    WHEN ((OLD.valid_to, OLD.renamed_to) IS DISTINCT FROM (NEW.valid_to, NEW.renamed_to))
    EXECUTE FUNCTION market.mark_relisted();

-- The close that a day's return is counted from, in the day's own shares, and which session and feed it is of.
ALTER TABLE rollup.daily_series
    ADD COLUMN previous_close      numeric(18, 6),
    ADD COLUMN previous_close_date date,
    ADD COLUMN previous_close_feed text;

-- What a day showed and shows since it was final: one row per figure. `version` is the day's version that shows `new_value`.
CREATE TABLE ops.daily_restatement (
    restatement_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    symbol         text        NOT NULL,
    trading_date   date        NOT NULL,
    feed           text        NOT NULL,
    version        integer     NOT NULL,
    field          text        NOT NULL,
    old_value      text,
    new_value      text,
    cause          text        NOT NULL,
    restated_at    timestamptz NOT NULL DEFAULT now(),
    CHECK (old_value IS DISTINCT FROM new_value)
);
CREATE INDEX daily_restatement_day_idx ON ops.daily_restatement (symbol, trading_date);
GRANT SELECT, INSERT ON ops.daily_restatement TO marketpulse_operations;
COMMENT ON TABLE ops.daily_restatement IS 'Figures of final days that changed: old, new, why and when.';

-- What was computed by the rules before: every series; and days of several feeds, and days of which several venues printed an auction.
INSERT INTO ops.dirty_day AS dirty (symbol, trading_date)
SELECT symbol, trading_date
FROM rollup.daily
GROUP BY symbol, trading_date
HAVING count(*) > 1
UNION
SELECT symbol, trading_date
FROM market.event
WHERE auction IN ('open', 'close')
GROUP BY symbol, trading_date, feed, auction
HAVING count(*) > 1
ON CONFLICT (symbol, trading_date) DO UPDATE SET
    revision = dirty.revision + 1,
    dirtied_at = now();
INSERT INTO ops.dirty_series (symbol, from_date)
SELECT DISTINCT symbol, DATE '1900-01-01'
FROM rollup.daily
ON CONFLICT (symbol) DO UPDATE SET
    from_date = excluded.from_date,
    dirtied_at = now();
