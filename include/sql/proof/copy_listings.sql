-- On which venue each symbol was listed on one day.

COPY (
    SELECT symbol, mic
    FROM market.symbol
    WHERE %(trading_date)s BETWEEN valid_from AND coalesce(valid_to, 'infinity')
) TO STDOUT (FORMAT csv)
