-- The four roles, created when missing. Idempotent; run by a superuser under an advisory lock.
-- Rights inside the database come from the migrations; here is only who exists and what no role may ever do.

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['marketpulse_owner', 'marketpulse_writer', 'marketpulse_operations', 'marketpulse_reader']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I', wanted);
        END IF;
        EXECUTE format('ALTER ROLE %I WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', wanted);
    END LOOP;
END;
$$;

-- The restore check of a backup needs a scratch database.
ALTER ROLE marketpulse_owner WITH CREATEDB;
-- A second wall only: the reader has no right to write anything.
ALTER ROLE marketpulse_reader SET default_transaction_read_only TO on;
