-- Retention: an old day's events go as one partition, counted first, and the day is sealed. What still arrives for a
-- sealed day is a dead letter (`sealed_day`), because its bars could no longer be rebuilt.

CREATE TABLE ops.sealed_day (
    trading_date date        PRIMARY KEY,
    events       bigint      NOT NULL,
    superseded   bigint      NOT NULL,
    sealed_at    timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT ON ops.sealed_day TO marketpulse_writer, marketpulse_operations;

-- As before, but a sealed day never gets a partition again.
CREATE OR REPLACE FUNCTION market.ensure_event_partition(wanted date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    name text := 'event_' || to_char(wanted, 'YYYYMMDD');
BEGIN
    IF wanted < DATE '1990-01-01' THEN
        RAISE EXCEPTION 'no partition before 1990: %', wanted;
    END IF;
    IF to_regclass('market.' || name) IS NOT NULL THEN
        RETURN name;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('market.event partition'));
    -- Not to_regclass again: it would answer from this session's cache, which a wait for the lock does not refresh.
    IF EXISTS (SELECT FROM pg_class WHERE relname = name AND relnamespace = 'market'::regnamespace) THEN
        RETURN name;
    END IF;
    IF EXISTS (SELECT FROM ops.sealed_day WHERE trading_date = wanted) THEN
        RAISE EXCEPTION 'the day % is sealed', wanted;
    END IF;
    EXECUTE format('CREATE TABLE market.%I (LIKE market.event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
    EXECUTE format('ALTER TABLE market.event ATTACH PARTITION market.%I FOR VALUES FROM (%L) TO (%L)', name, wanted, wanted + 1);
    RETURN name;
END;
$$;

-- Drop one day's events when all of them landed before `landed_before`; true when the day is gone. An empty day is
-- dropped without a seal. Gives up after 3 s when the stream keeps the table busy: the next run tries again.
CREATE FUNCTION market.seal_event_day(wanted date, landed_before timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '3s' AS $$
DECLARE
    name text := 'event_' || to_char(wanted, 'YYYYMMDD');
    newest timestamptz;
    events bigint;
    superseded bigint;
BEGIN
    IF to_regclass('market.' || name) IS NULL OR wanted >= (landed_before AT TIME ZONE 'UTC')::date THEN
        RETURN false;
    END IF;
    -- Dropping a partition locks its parent; taken first, in the order in which inserts take them.
    LOCK TABLE ONLY market.event IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('SELECT max(landed_at), count(*) FROM market.%I', name) INTO newest, events;
    SELECT greatest(newest, max(landed_at)), count(*) INTO newest, superseded
    FROM market.event_superseded WHERE trading_date = wanted;
    IF newest >= landed_before THEN
        RETURN false;
    END IF;
    IF events + superseded > 0 THEN
        INSERT INTO ops.sealed_day (trading_date, events, superseded) VALUES (wanted, events, superseded);
    END IF;
    DELETE FROM market.event_superseded WHERE trading_date = wanted;
    EXECUTE format('DROP TABLE market.%I', name);
    RETURN true;
END;
$$;

REVOKE ALL ON FUNCTION market.seal_event_day(date, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION market.seal_event_day(date, timestamptz) TO marketpulse_operations;
