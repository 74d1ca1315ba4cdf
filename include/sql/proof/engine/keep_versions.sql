-- DuckDB. Versions that the tables say were superseded.

INSERT INTO version
SELECT * FROM piece
