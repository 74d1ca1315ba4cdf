-- Record one applied migration; last step of its transaction.

INSERT INTO public.migration_checksum (migration_id, sha256)
VALUES (%(migration_id)s, %(sha256)s);
