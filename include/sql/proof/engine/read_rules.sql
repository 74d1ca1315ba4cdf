-- DuckDB. The table of sale conditions as it is in include/trade_conditions. Parameter: path.

CREATE OR REPLACE TABLE rule AS
SELECT
    code,
    tape AS tapes,
    adds_volume = 'yes' AS adds_volume,
    sets_high_low = 'yes' AS sets_high_low,
    sets_open_close = 'yes' AS sets_open_close,
    coalesce(role, '') AS role
FROM read_csv($path, header = true, all_varchar = true, delim = ',', quote = '"', auto_detect = false, columns = {
    'code': 'VARCHAR', 'tape': 'VARCHAR', 'meaning': 'VARCHAR', 'adds_volume': 'VARCHAR', 'sets_high_low': 'VARCHAR',
    'sets_open_close': 'VARCHAR', 'role': 'VARCHAR'
})
