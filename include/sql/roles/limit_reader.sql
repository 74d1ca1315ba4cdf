-- What one analyst may take from the others: how many connections, how long a query, how long a transaction that does
-- nothing, how long a connection that asks nothing, how much disk for sorting. The last one only a superuser may change
-- back; a session may raise its own timeout on purpose, never by accident. Compiling a query costs more than most of the
-- mart's queries take.

ALTER ROLE marketpulse_reader WITH CONNECTION LIMIT {connections};
ALTER ROLE marketpulse_reader SET statement_timeout TO {statement_timeout};
ALTER ROLE marketpulse_reader SET idle_in_transaction_session_timeout TO '60s';
ALTER ROLE marketpulse_reader SET idle_session_timeout TO '30min';
ALTER ROLE marketpulse_reader SET temp_file_limit TO '4GB';
ALTER ROLE marketpulse_reader SET jit TO off;

-- Five years of one symbol lie on as many pages as days: read ahead, where the system can.
DO $$
BEGIN
    ALTER ROLE marketpulse_reader SET effective_io_concurrency TO 200;
EXCEPTION
    WHEN invalid_parameter_value THEN NULL;
END;
$$;
