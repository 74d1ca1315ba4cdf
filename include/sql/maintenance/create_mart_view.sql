-- What each view of the mart was made from: the checksum of its file, and of what the server understood. Either one
-- tells that the view is no longer what the file says.

CREATE TABLE IF NOT EXISTS public.mart_view (
    name              text        PRIMARY KEY,
    sha256            text        NOT NULL,
    definition_sha256 text        NOT NULL,
    applied_at        timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT ON public.mart_view TO marketpulse_operations;
