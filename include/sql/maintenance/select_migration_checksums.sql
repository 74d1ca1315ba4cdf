-- Every applied migration with the checksum of what was applied.

SELECT migration_id, sha256
FROM public.migration_checksum
ORDER BY migration_id;
