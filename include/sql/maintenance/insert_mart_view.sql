-- Record one view that was just made from its file.

INSERT INTO public.mart_view (name, sha256, definition_sha256)
SELECT
    viewname,
    %(sha256)s,
    encode(sha256(convert_to(definition, 'UTF8')), 'hex')
FROM pg_views
WHERE schemaname = 'mart'
  AND viewname = %(name)s;
