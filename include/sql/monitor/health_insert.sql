-- One check of the pipeline's health.
INSERT INTO ops.health (market_at, state, detail)
VALUES (%(market_at)s, %(state)s, %(detail)s)
ON CONFLICT (checked_at) DO NOTHING;
