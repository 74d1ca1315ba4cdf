-- DuckDB. The chosen versions make way for the next piece.

DROP VIEW piece
