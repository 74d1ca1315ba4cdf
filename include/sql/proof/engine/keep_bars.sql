-- DuckDB. The stored bars of a minute stay; the next comparison takes their place as what is stored.

CREATE OR REPLACE TABLE bar AS
SELECT * FROM stored
