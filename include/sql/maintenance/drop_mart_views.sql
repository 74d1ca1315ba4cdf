-- Every view of the mart goes; the files make them again in the same transaction. Longer than the reader's longest query
-- it waits for nobody.

DO $$
DECLARE
    view record;
BEGIN
    SET LOCAL lock_timeout = '120s';
    FOR view IN SELECT viewname FROM pg_views WHERE schemaname = 'mart'
    LOOP
        EXECUTE format('DROP VIEW IF EXISTS mart.%I CASCADE', view.viewname);
    END LOOP;
    DELETE FROM public.mart_view;
END;
$$;
