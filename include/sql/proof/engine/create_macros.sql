-- DuckDB. Its own division of decimals would go through a float: the digits of notional (12 decimals) and volume (6) are
-- divided as whole numbers, which leaves the 6 decimals of a price, rounded half up.

CREATE OR REPLACE MACRO digits(amount) AS replace(amount::VARCHAR, '.', '')::HUGEINT;

CREATE OR REPLACE MACRO exact_vwap(notional, volume) AS
    CASE
        WHEN volume > 0
            THEN (
                digits(notional) // digits(volume)
                + CASE WHEN 2 * (digits(notional) % digits(volume)) >= digits(volume) THEN 1 ELSE 0 END
            )::DECIMAL(38, 0) * 0.000001::DECIMAL(7, 6)
    END;

-- The start of the interval of so many minutes that holds a minute, counted from another one, which may come later.
CREATE OR REPLACE MACRO interval_start(at_min, counted_from, width) AS
    at_min - (((at_min - counted_from) % width) + width) % width;

CREATE OR REPLACE MACRO clock(start_min) AS
    strftime(make_timestamp(start_min * 60000000), '%Y-%m-%d %H:%M') || 'Z';
