-- DuckDB. The version in force of every fact that has more than one: cancel before correct before new, then the later
-- receipt, then the higher id.

CREATE OR REPLACE TEMP VIEW piece AS
SELECT *
FROM version
QUALIFY row_number() OVER (
    PARTITION BY entity_id
    ORDER BY
        CASE action WHEN 'cancel' THEN 0 WHEN 'correct' THEN 1 ELSE 2 END,
        received_at::TIMESTAMPTZ DESC,
        event_id::UUID DESC
) = 1
