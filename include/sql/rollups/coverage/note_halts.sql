-- Halts that status events tell, of some symbols on every kept day: from each halting code to the next resuming one, on
-- whatever day. One that is not told to end on its day ends with the first minute of a later price, if that is before a
-- resumption is told; without any resumption it ends with its session, because nothing says that it went on.
-- A halt that a file gave stays as the file says; of one without an end the first minute of a later price is noted. Those
-- of days whose events are gone stay as they were. The days that a change touches, but for the one that is being
-- computed, become dirty. Codes: tape C H (halt), P (volatility pause), T (resumption); tapes A and B 2, 3. Parameters:
-- trading_date, symbols.

WITH told AS (
    SELECT
        event.symbol,
        event.trading_date,
        event.event_at,
        event.event_id,
        event.detail ->> 'status_reason' AS reason,
        event.detail ->> 'status_code' IN ('H', 'P', '2') AS is_halt
    FROM market.event
    WHERE event.symbol = ANY (%(symbols)s)
      AND event.event_type = 'status'
      AND event.action <> 'cancel'
      AND event.detail ->> 'status_code' IN ('H', 'P', '2', 'T', '3')
),
-- Feeds tell the same halt several times, and a pause may turn into a halt: the first word begins it. On a later day,
-- after a price, it is another halt.
turns AS (
    SELECT ordered.*
    FROM (
        SELECT
            told.*,
            lag(is_halt, 1, false) OVER by_time AS was_halt,
            lag(event_at) OVER by_time AS before_at,
            lag(trading_date) OVER by_time AS before_date
        FROM told
        WINDOW by_time AS (PARTITION BY symbol ORDER BY event_at, is_halt, event_id)
    ) AS ordered
    WHERE ordered.is_halt <> ordered.was_halt
       OR (
           ordered.is_halt
           AND ordered.trading_date > ordered.before_date
           AND EXISTS (
               SELECT
               FROM market.bar_1m AS bar
               WHERE bar.symbol = ordered.symbol
                 AND bar.bar_start > ordered.before_at
                 AND bar.bar_start < ordered.event_at
                 AND bar.open IS NOT NULL
           )
       )
),
--
halts AS (
    SELECT
        turns.*,
        lead(event_at) OVER by_time AS next_at,
        lead(event_id) OVER by_time AS next_id,
        lead(trading_date) OVER by_time AS next_date,
        lead(is_halt) OVER by_time AS is_next_halt
    FROM turns
    WINDOW by_time AS (PARTITION BY symbol ORDER BY event_at, is_halt, event_id)
),
--
computed AS (
    SELECT
        halts.symbol,
        halts.trading_date,
        halts.event_at AS halted_at,
        ended.resumed_at,
        halts.reason,
        jsonb_strip_nulls(jsonb_build_object(
            'trading_date', halts.trading_date,
            'halted_by', halts.event_id,
            'resumed_by', CASE WHEN ended.resumed_at = resumed.at THEN halts.next_id END,
            'traded', CASE WHEN ended.resumed_at = traded.bar_start THEN to_jsonb(traded) END,
            'session', CASE WHEN resumed.at IS NULL AND ended.resumed_at = session.post_close_at THEN to_jsonb(session) END
        )) AS cites
    FROM halts
    CROSS JOIN LATERAL (SELECT CASE WHEN NOT halts.is_next_halt THEN halts.next_at END AS at) AS resumed
    LEFT JOIN LATERAL (
        SELECT bar.feed, bar.bar_start
        FROM market.bar_1m AS bar
        WHERE halts.next_date IS DISTINCT FROM halts.trading_date
          AND bar.symbol = halts.symbol
          AND bar.trading_date >= halts.trading_date
          AND bar.bar_start > halts.event_at
          AND bar.open IS NOT NULL
        ORDER BY bar.bar_start, bar.feed
        LIMIT 1
    ) AS traded ON true
    LEFT JOIN LATERAL (
        SELECT session.calendar, session.trading_date, session.post_close_at
        FROM market.subscription
        JOIN market.session USING (calendar, trading_date)
        WHERE subscription.symbol = halts.symbol
          AND subscription.trading_date = halts.trading_date
          AND session.post_close_at > halts.event_at
        ORDER BY session.post_close_at DESC, session.calendar
        LIMIT 1
    ) AS session ON true
    CROSS JOIN LATERAL (
        SELECT least(traded.bar_start, CASE WHEN resumed.at IS NULL THEN session.post_close_at ELSE resumed.at END)
            AS resumed_at
    ) AS ended
    WHERE halts.is_halt
      AND ended.resumed_at IS DISTINCT FROM halts.event_at
      -- What a person says of a halt stands.
      AND NOT EXISTS (
          SELECT
          FROM market.halt AS vouched
          WHERE vouched.symbol = halts.symbol
            AND vouched.halted_at = halts.event_at
            AND vouched.source = 'file'
      )
),
--
known AS (
    SELECT halt.symbol, halt.halted_at, halt.resumed_at
    FROM market.halt
    WHERE halt.source = 'status'
      AND halt.symbol = ANY (%(symbols)s)
      AND NOT EXISTS (
          SELECT
          FROM ops.sealed_day
          WHERE sealed_day.trading_date = (halt.cites ->> 'trading_date')::date
      )
),
--
taken_back AS (
    DELETE FROM market.halt
    USING known
    WHERE halt.symbol = known.symbol
      AND halt.halted_at = known.halted_at
      AND NOT EXISTS (
          SELECT
          FROM computed
          WHERE computed.symbol = known.symbol
            AND computed.halted_at = known.halted_at
      )
),
--
written AS (
    INSERT INTO market.halt AS stored (symbol, halted_at, resumed_at, source, reason, cites)
    SELECT symbol, halted_at, resumed_at, 'status', reason, cites
    FROM computed
    ON CONFLICT (symbol, halted_at) DO UPDATE SET
        resumed_at = excluded.resumed_at,
        reason = excluded.reason,
        cites = excluded.cites,
        recorded_at = now()
    WHERE stored.source = 'status'
      AND (stored.resumed_at, stored.reason, stored.cites)
          IS DISTINCT FROM
          (excluded.resumed_at, excluded.reason, excluded.cites)
),
--
open_ended AS (
    SELECT
        halt.symbol,
        halt.halted_at,
        (halt.cites ->> 'traded_at')::timestamptz AS known_at,
        (
            SELECT min(bar.bar_start)
            FROM market.bar_1m AS bar
            WHERE bar.symbol = halt.symbol
              AND bar.bar_start > halt.halted_at
              AND bar.open IS NOT NULL
        ) AS traded_at
    FROM market.halt
    WHERE halt.source = 'file'
      AND halt.resumed_at IS NULL
      AND halt.symbol = ANY (%(symbols)s)
),
--
noted AS (
    UPDATE market.halt
    SET cites = halt.cites || jsonb_build_object('traded_at', open_ended.traded_at)
    FROM open_ended
    WHERE halt.symbol = open_ended.symbol
      AND halt.halted_at = open_ended.halted_at
      AND open_ended.known_at IS DISTINCT FROM open_ended.traded_at
),
--
changed AS (
    SELECT symbol, halted_at, ends.resumed_at
    FROM open_ended
    CROSS JOIN LATERAL (VALUES (known_at), (traded_at)) AS ends (resumed_at)
    WHERE known_at IS DISTINCT FROM traded_at
    UNION ALL
    SELECT coalesce(known.symbol, computed.symbol) AS symbol, spans.halted_at, spans.resumed_at
    FROM known
    FULL JOIN computed
        ON computed.symbol = known.symbol
       AND computed.halted_at = known.halted_at
    CROSS JOIN LATERAL (
        VALUES (known.halted_at, known.resumed_at), (computed.halted_at, computed.resumed_at)
    ) AS spans (halted_at, resumed_at)
    WHERE known.symbol IS NULL
       OR computed.symbol IS NULL
       OR known.resumed_at IS DISTINCT FROM computed.resumed_at
)
INSERT INTO ops.dirty_day AS dirty (symbol, trading_date, revision)
SELECT touched.symbol, touched.trading_date, nextval('ops.stream_batch_id')
FROM (
    SELECT DISTINCT subscription.symbol, subscription.trading_date
    FROM changed
    JOIN market.subscription USING (symbol)
    JOIN market.session USING (calendar, trading_date)
    WHERE session.post_close_at > changed.halted_at
      AND session.pre_open_at < coalesce(changed.resumed_at, 'infinity')
      AND subscription.trading_date <> %(trading_date)s
      AND NOT EXISTS (SELECT FROM ops.sealed_day WHERE sealed_day.trading_date = subscription.trading_date)
    ORDER BY subscription.symbol, subscription.trading_date
) AS touched
ON CONFLICT (symbol, trading_date) DO UPDATE SET
    revision = excluded.revision,
    dirtied_at = now()
