-- Whether any migration was ever applied here.

SELECT to_regclass('public.migration_checksum') IS NOT NULL;
