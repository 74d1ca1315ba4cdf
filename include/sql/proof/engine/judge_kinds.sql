-- DuckDB. What the kinds of trades of a piece may do, of those that are not known yet. A trade may do what all its
-- conditions allow; an unknown one adds volume and sets no price; extended hours say nothing against a price in their own
-- parts. A feed without a table of conditions counts every trade. Any auction print belongs to the regular part.

INSERT INTO kind
WITH fresh AS (
    SELECT DISTINCT feed, session_part, conditions, coalesce(tape, '') AS tape
    FROM piece
),
unknown AS (
    SELECT * FROM fresh
    ANTI JOIN kind USING (feed, session_part, conditions, tape)
),
coded AS (
    SELECT *, unnest(from_json(conditions, '["VARCHAR"]')) AS code
    FROM unknown
    WHERE feed IN ('sip', 'delayed_sip', 'iex', 'round_the_clock')
),
ruled AS (
    SELECT
        coded.feed,
        coded.session_part,
        coded.conditions,
        coded.tape,
        coalesce(rule.adds_volume, true) AS adds_volume,
        coalesce(rule.sets_high_low, false) AS sets_high_low,
        coalesce(rule.sets_open_close, false) AS sets_open_close,
        coalesce(rule.role, '') AS role,
        coalesce(rule.role, '') = 'extended_hours' AND coded.session_part IN ('pre', 'post') AS is_at_home
    FROM coded
    LEFT JOIN rule
        ON rule.code = coded.code
       AND (coded.tape = '' OR contains(rule.tapes, coded.tape))
),
judged AS (
    SELECT
        feed,
        session_part,
        conditions,
        tape,
        bool_and(adds_volume) AS adds_volume,
        bool_and(sets_high_low OR is_at_home) AS sets_high_low,
        bool_and(sets_open_close OR is_at_home) AS sets_open_close,
        CASE
            WHEN bool_or(role = 'close_correction') THEN 'close_correction'
            WHEN bool_or(role = 'open_report') THEN 'open_report'
            WHEN bool_or(role = 'close_report') THEN 'close_report'
            WHEN bool_or(role = 'open') THEN 'open'
            WHEN bool_or(role = 'close') THEN 'close'
        END AS auction
    FROM ruled
    GROUP BY feed, session_part, conditions, tape
)
SELECT
    unknown.feed,
    unknown.session_part,
    unknown.conditions,
    unknown.tape,
    CASE
        WHEN unknown.session_part NOT IN ('pre', 'regular', 'post') THEN NULL
        WHEN judged.auction IS NOT NULL THEN 'regular'
        ELSE unknown.session_part
    END AS bar_part,
    coalesce(judged.adds_volume, true) AS adds_volume,
    coalesce(judged.sets_high_low, true) AS sets_high_low,
    coalesce(judged.sets_open_close, true) AS sets_open_close,
    judged.auction
FROM unknown
LEFT JOIN judged USING (feed, session_part, conditions, tape)
