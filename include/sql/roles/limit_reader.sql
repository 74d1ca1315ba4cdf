-- What one analyst may take from the others: how many connections, how long a query, how long a transaction that does
-- nothing, how much disk for sorting. The last one only a superuser may change back; a session may raise its own timeout
-- on purpose, never by accident. Compiling a query costs more than most of the mart's queries take.

ALTER ROLE marketpulse_reader WITH CONNECTION LIMIT {connections};
ALTER ROLE marketpulse_reader SET statement_timeout TO {statement_timeout};
ALTER ROLE marketpulse_reader SET idle_in_transaction_session_timeout TO '60s';
ALTER ROLE marketpulse_reader SET temp_file_limit TO '4GB';
ALTER ROLE marketpulse_reader SET jit TO off;
