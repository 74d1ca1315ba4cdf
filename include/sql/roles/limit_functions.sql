-- What PostgreSQL lets everybody call and the reader must not: advisory locks, with which one analyst could keep the
-- rollups waiting, and large objects, which a session that allows itself to write could fill the disk with. Run by a
-- superuser inside the market's database. Idempotent.

DO $$
DECLARE
    called regprocedure;
    is_lock boolean;
BEGIN
    FOR called, is_lock IN
        SELECT oid, proname LIKE '%advisory%'
        FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace
          AND proname ~ '^(pg_(try_)?advisory_.*|lo_.*|loread|lowrite)$'
          AND has_function_privilege('public', oid, 'EXECUTE')
        ORDER BY oid
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', called);
        -- A backup reads large objects, should a superuser have made one.
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO marketpulse_owner', called);
        IF is_lock THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO marketpulse_writer, marketpulse_operations', called);
        END IF;
    END LOOP;
END;
$$;
