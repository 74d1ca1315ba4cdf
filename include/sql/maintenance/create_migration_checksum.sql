-- What each applied migration file contained. The library marks names only; this is what shows an edited file.
-- Written in the migration's own transaction, so it also tells what is applied when a run died before it was marked.

CREATE TABLE IF NOT EXISTS public.migration_checksum (
    migration_id text        PRIMARY KEY,
    sha256       text        NOT NULL,
    applied_at   timestamptz NOT NULL DEFAULT now()
);

-- The producer's preflight and the health check ask which migrations are applied.
GRANT USAGE ON SCHEMA public TO marketpulse_operations;
GRANT SELECT ON public.migration_checksum TO marketpulse_operations;
