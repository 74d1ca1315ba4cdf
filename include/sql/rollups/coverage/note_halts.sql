-- Halts of one day that status events tell, from each halting code to the next resuming one of the symbol. A halt that
-- a file gave stays as the file says. Codes: tape C H (halt), P (volatility pause), T (resumption); tapes A and B 2, 3.
-- Parameters: trading_date, symbols.

WITH told AS (
    SELECT
        symbol,
        event_at,
        event_id,
        detail ->> 'status_reason' AS reason,
        detail ->> 'status_code' IN ('H', 'P', '2') AS is_halt
    FROM market.event
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
      AND event_type = 'status'
      AND action <> 'cancel'
      AND detail ->> 'status_code' IN ('H', 'P', '2', 'T', '3')
),
-- Feeds tell the same halt several times, and a pause may turn into a halt: the first word begins it.
turns AS (
    SELECT
        told.*,
        lag(is_halt, 1, false) OVER by_time AS was_halt
    FROM told
    WINDOW by_time AS (PARTITION BY symbol ORDER BY event_at, is_halt, event_id)
),
--
halts AS (
    SELECT
        symbol,
        event_at AS halted_at,
        is_halt,
        reason,
        event_id,
        lead(event_at) OVER by_time AS resumed_at,
        lead(event_id) OVER by_time AS resumed_by
    FROM turns
    WHERE is_halt <> was_halt
    WINDOW by_time AS (PARTITION BY symbol ORDER BY event_at, event_id)
),
--
computed AS (
    SELECT
        symbol,
        halted_at,
        resumed_at,
        reason,
        jsonb_strip_nulls(jsonb_build_object(
            'trading_date', %(trading_date)s::date, 'halted_by', event_id, 'resumed_by', resumed_by
        )) AS cites
    FROM halts
    WHERE is_halt
      AND resumed_at IS DISTINCT FROM halted_at
),
--
taken_back AS (
    DELETE FROM market.halt
    WHERE halt.source = 'status'
      AND halt.symbol = ANY (%(symbols)s)
      AND (halt.cites ->> 'trading_date')::date = %(trading_date)s
      AND NOT EXISTS (
          SELECT
          FROM computed
          WHERE computed.symbol = halt.symbol
            AND computed.halted_at = halt.halted_at
      )
)
INSERT INTO market.halt AS stored (symbol, halted_at, resumed_at, source, reason, cites)
SELECT symbol, halted_at, resumed_at, 'status', reason, cites
FROM computed
ON CONFLICT (symbol, halted_at) DO UPDATE SET
    resumed_at = excluded.resumed_at,
    reason = excluded.reason,
    cites = excluded.cites,
    recorded_at = now()
WHERE stored.source = 'status'
  AND (stored.resumed_at, stored.reason, stored.cites) IS DISTINCT FROM (excluded.resumed_at, excluded.reason, excluded.cites)
