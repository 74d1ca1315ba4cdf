-- DuckDB. Current versions of facts that have older ones wait until all of them are there.

INSERT INTO version
SELECT piece.*
FROM piece
SEMI JOIN version USING (entity_id)
