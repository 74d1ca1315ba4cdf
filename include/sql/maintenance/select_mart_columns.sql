-- Every column of the mart's views, in the views' own order, with the comments that explain them.

SELECT
    view.relname AS view_name,
    obj_description(view.oid, 'pg_class') AS view_comment,
    attribute.attname AS column_name,
    format_type(attribute.atttypid, attribute.atttypmod) AS column_type,
    col_description(view.oid, attribute.attnum) AS column_comment
FROM pg_class AS view
JOIN pg_attribute AS attribute ON attribute.attrelid = view.oid
WHERE view.relnamespace = 'mart'::regnamespace
  AND view.relkind = 'v'
  AND attribute.attnum > 0
ORDER BY view.relname, attribute.attnum;
