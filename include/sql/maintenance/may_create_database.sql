-- Whether a scratch database can be made for the restore check.

SELECT rolcreatedb OR rolsuper
FROM pg_roles
WHERE rolname = current_user
