-- Every view of the mart that is as it was made, with the checksum of the file it was made from; null for one that was
-- made or changed by hand, or that a migration took along with a table.

SELECT
    coalesce(present.name, made.name) AS name,
    CASE WHEN present.definition_sha256 = made.definition_sha256 THEN made.sha256 END AS sha256
FROM (
    SELECT
        viewname AS name,
        encode(sha256(convert_to(definition, 'UTF8')), 'hex') AS definition_sha256
    FROM pg_views
    WHERE schemaname = 'mart'
) AS present
FULL JOIN public.mart_view AS made USING (name)
ORDER BY name;
