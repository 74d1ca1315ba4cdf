-- Every session minute of one trading day of some symbols: received, late, or missing with a reason that cites rows.
-- One row per symbol, feed and run of minutes of one status. Parameters: trading_date, symbols; calendars and
-- usual_ends (parallel arrays): when the day would end on each calendar if it were not shortened.
-- Read by coverage/store.sql. The order of the reasons is in metadata.yaml; a minute takes the first that holds.

WITH subscribed AS (
    SELECT symbol, feed, calendar
    FROM market.subscription
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
),
--
bars AS (
    SELECT symbol, feed, session_part, bar_start
    FROM market.bar_1m
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
      AND trade_count > 0
),
--
traded AS (
    SELECT symbol, feed, session_part, range_agg(tstzrange(bar_start, bar_start + INTERVAL '1 minute')) AS minutes
    FROM bars
    GROUP BY symbol, feed, session_part
),
-- A symbol that came without a subscription keeps the hours of the one it has elsewhere, if any.
scope AS (
    SELECT
        known.symbol,
        known.feed,
        coalesce(subscribed.calendar, elsewhere.calendar) AS calendar,
        subscribed.symbol IS NOT NULL AS is_subscribed
    FROM (SELECT symbol, feed FROM traded UNION SELECT symbol, feed FROM subscribed) AS known
    LEFT JOIN subscribed USING (symbol, feed)
    LEFT JOIN (SELECT symbol, min(calendar) AS calendar FROM subscribed GROUP BY symbol) AS elsewhere USING (symbol)
),
-- Minutes that have not begun are not expected yet. The host's clock is never behind the market's.
part AS (
    SELECT
        scope.symbol,
        scope.feed,
        scope.is_subscribed,
        hours.session_part,
        tstzmultirange(tstzrange(hours.starts_at, least(hours.ends_at, date_trunc('minute', now())))) AS expected
    FROM scope
    JOIN market.session
        ON session.calendar = scope.calendar
       AND session.trading_date = %(trading_date)s
    CROSS JOIN LATERAL (
        VALUES
            ('pre', session.pre_open_at, session.open_at),
            ('regular', session.open_at, session.close_at),
            ('post', session.close_at, session.post_close_at)
    ) AS hours (session_part, starts_at, ends_at)
    WHERE hours.starts_at < least(hours.ends_at, date_trunc('minute', now()))
    UNION ALL
    -- Without a session nothing was promised: what came is all there is to say.
    SELECT scope.symbol, scope.feed, false, traded.session_part, traded.minutes
    FROM scope
    JOIN traded USING (symbol, feed)
    WHERE scope.calendar IS NULL
),
-- Polls are told apart by the list of symbols they ask for; there are few such lists in a day, and they are long.
polls AS MATERIALIZED (
    SELECT
        poll_id,
        producer_id,
        purpose,
        market_at,
        outcome,
        http_status,
        covered_from,
        covered_until,
        outcome IN ('ok', 'empty') AND covered_from < covered_until AS is_success,
        hash_array_extended(ARRAY[feed] || symbols, 0) AS watch_id
    FROM ops.poll
    WHERE trading_date = %(trading_date)s
      AND endpoint = 'trades'
),
--
watched AS MATERIALIZED (
    SELECT DISTINCT watch.watch_id, poll.feed, asked.symbol
    FROM (SELECT watch_id, min(poll_id) AS poll_id FROM polls GROUP BY watch_id) AS watch
    JOIN ops.poll USING (poll_id)
    CROSS JOIN LATERAL unnest(poll.symbols) AS asked (symbol)
    WHERE asked.symbol = ANY (%(symbols)s)
),
-- The numbers of what each poll published, by producer and partition; a replay is one pass, whose polls share them.
published AS MATERIALIZED (
    SELECT
        numbered.poll_id,
        numbered.producer_id,
        numbered.spot,
        numbered.received_at,
        int8multirange(int8range(least(numbered.before, numbered.highest), numbered.highest, '(]')) AS numbers
    FROM (
        SELECT
            poll.poll_id,
            poll.producer_id,
            poll.received_at,
            spot.key AS spot,
            spot.value::bigint AS highest,
            CASE
                WHEN poll.purpose = 'replay' THEN 0
                ELSE lag(spot.value::bigint, 1, 0::bigint) OVER (
                    PARTITION BY poll.producer_id, spot.key ORDER BY poll.poll_id
                )
            END AS before
        FROM ops.poll
        CROSS JOIN LATERAL jsonb_each_text(poll.highest_seq) AS spot
        WHERE poll.producer_id IN (SELECT producer_id FROM polls)
    ) AS numbered
),
--
landed AS MATERIALIZED (
    SELECT
        source.producer_id,
        format('%%s/%%s', batch.topic, batch.partition) AS spot,
        range_agg(coalesce(
            source.seqs,
            int8multirange(int8range(source.lowest_seq, source.highest_seq, '[]'))
        )) AS numbers
    FROM ops.stream_batch_source AS source
    JOIN ops.stream_batch AS batch USING (batch_id)
    WHERE source.producer_id IN (SELECT producer_id FROM polls)
      AND source.highest_seq IS NOT NULL
    GROUP BY source.producer_id, batch.topic, batch.partition
),
-- The newest accepted loss of each partition, and up to which record's time the stream has read it since.
accepted AS (
    SELECT
        format('%%s/%%s', loss.topic, loss.partition) AS spot,
        max(loss.accepted_at) AS accepted_at,
        jsonb_agg(
            jsonb_build_object('topic', loss.topic, 'partition', loss.partition, 'from_offset', loss.from_offset)
            ORDER BY loss.accepted_at, loss.from_offset
        ) AS losses,
        max(CASE WHEN ledger.topic IS NULL THEN 'infinity' ELSE ledger.last_record_at END) AS read_until
    FROM ops.stream_loss AS loss
    LEFT JOIN ops.stream_ledger AS ledger USING (topic, partition)
    WHERE loss.to_offset > loss.from_offset
    GROUP BY loss.topic, loss.partition
),
-- Polls of which some number is not among those that landed. It is lost when a loss was accepted since, and the stream
-- has read a later number or a later record; else it is on its way.
unlanded AS MATERIALIZED (
    SELECT
        published.poll_id,
        bool_and((
            published.received_at <= accepted.accepted_at
            AND (
                upper(published.numbers - landed.numbers) <= upper(landed.numbers)
                OR published.received_at < accepted.read_until
            )
        ) IS TRUE) AS is_lost,
        jsonb_path_query_array(jsonb_agg(accepted.losses) FILTER (WHERE accepted.losses IS NOT NULL), '$[*][*]') AS losses
    FROM published
    LEFT JOIN landed USING (producer_id, spot)
    LEFT JOIN accepted USING (spot)
    WHERE NOT published.numbers <@ coalesce(landed.numbers, '{}')
    GROUP BY published.poll_id
),
-- What such polls spanned is not known, whatever else the same run answers: it publishes no version twice. A range that
-- is not told is any.
doubted AS MATERIALIZED (
    SELECT
        polls.watch_id,
        polls.producer_id,
        unlanded.is_lost,
        range_agg(tstzrange(
            date_trunc('minute', told.covered_from), date_trunc('minute', told.covered_until + INTERVAL '59.999999 seconds')
        )) AS minutes,
        max(polls.poll_id) AS poll_id,
        (array_agg(unlanded.losses ORDER BY polls.poll_id DESC))[1] AS losses
    FROM unlanded
    JOIN polls USING (poll_id)
    CROSS JOIN LATERAL (
        SELECT
            CASE WHEN polls.covered_from < polls.covered_until THEN polls.covered_from END AS covered_from,
            CASE WHEN polls.covered_from < polls.covered_until THEN polls.covered_until END AS covered_until
    ) AS told
    GROUP BY polls.watch_id, polls.producer_id, unlanded.is_lost
),
-- Another run that asked for all of it again has published it again.
asked_again AS MATERIALIZED (
    SELECT
        doubted.watch_id,
        doubted.producer_id,
        doubted.is_lost,
        polls.watch_id AS again_watch_id,
        range_agg(tstzrange(polls.covered_from, polls.covered_until)) AS spans
    FROM doubted
    JOIN polls
        ON polls.poll_id > doubted.poll_id
       AND polls.producer_id <> doubted.producer_id
       AND polls.is_success
    GROUP BY doubted.watch_id, doubted.producer_id, doubted.is_lost, polls.watch_id
),
--
doubts AS MATERIALIZED (
    SELECT
        watched.symbol,
        watched.feed,
        doubted.is_lost,
        doubted.minutes - coalesce(again.minutes, '{}') AS minutes,
        doubted.poll_id,
        doubted.losses
    FROM doubted
    JOIN watched USING (watch_id)
    LEFT JOIN LATERAL (
        SELECT range_agg(tstzrange(whole.starts_at, whole.ends_at)) AS minutes
        FROM (
            SELECT unnest(range_agg(asked_again.spans)) AS span
            FROM asked_again
            JOIN watched AS rewatched
                ON rewatched.watch_id = asked_again.again_watch_id
               AND rewatched.symbol = watched.symbol
               AND rewatched.feed = watched.feed
            WHERE asked_again.watch_id = doubted.watch_id
              AND asked_again.producer_id = doubted.producer_id
              AND asked_again.is_lost = doubted.is_lost
        ) AS spanned
        CROSS JOIN LATERAL (
            SELECT
                date_trunc('minute', lower(spanned.span) + INTERVAL '59.999999 seconds') AS starts_at,
                date_trunc('minute', upper(spanned.span)) AS ends_at
        ) AS whole
        WHERE whole.starts_at < whole.ends_at
    ) AS again ON true
),
--
doubtful AS (
    SELECT
        symbol,
        feed,
        coalesce(range_agg(minutes) FILTER (WHERE NOT is_lost), '{}') AS waiting,
        coalesce(range_agg(minutes) FILTER (WHERE is_lost), '{}') AS lost
    FROM doubts
    GROUP BY symbol, feed
),
-- Whole minutes that successful polls spanned, also two halves of one by two polls.
covered AS (
    SELECT
        spanned.symbol,
        spanned.feed,
        range_agg(tstzrange(whole.starts_at, whole.ends_at)) AS minutes
    FROM (
        SELECT watched.symbol, watched.feed, unnest(range_agg(by_list.spans)) AS span
        FROM (
            SELECT watch_id, range_agg(tstzrange(covered_from, covered_until)) AS spans
            FROM polls
            WHERE is_success
            GROUP BY watch_id
        ) AS by_list
        JOIN watched USING (watch_id)
        GROUP BY watched.symbol, watched.feed
    ) AS spanned
    CROSS JOIN LATERAL (
        SELECT
            date_trunc('minute', lower(spanned.span) + INTERVAL '59.999999 seconds') AS starts_at,
            date_trunc('minute', upper(spanned.span)) AS ends_at
    ) AS whole
    WHERE whole.starts_at < whole.ends_at
    GROUP BY spanned.symbol, spanned.feed
),
-- The newest successful poll of each minute, as runs: what a quiet minute cites. After the sweep these are a handful.
looked AS MATERIALIZED (
    SELECT watch_id, poll_id, unnest(range_agg(tstzrange(minute, minute + INTERVAL '1 minute'))) AS span
    FROM (
        SELECT polls.watch_id, minute, max(polls.poll_id) AS poll_id
        FROM polls
        CROSS JOIN LATERAL generate_series(
            date_trunc('minute', polls.covered_from),
            polls.covered_until - INTERVAL '1 microsecond',
            INTERVAL '1 minute'
        ) AS minute
        WHERE polls.is_success
          AND EXISTS (SELECT FROM watched WHERE watched.watch_id = polls.watch_id)
        GROUP BY polls.watch_id, minute
    ) AS newest
    GROUP BY watch_id, poll_id
),
-- Failed polls belong to the wait that the next successful one ends.
waits AS (
    SELECT
        watch_id,
        wait_id,
        min(read_until) AS read_until,
        max(poll_id) FILTER (WHERE is_success) AS answered_by,
        max(market_at) FILTER (WHERE is_success) AS answered_at,
        min(before_id) AS poll_before,
        bool_or(is_success AND producer_id <> producer_before) AS is_other_producer,
        jsonb_agg(
            jsonb_build_object('poll_id', poll_id, 'outcome', outcome, 'http_status', http_status, 'market_at', market_at)
            ORDER BY poll_id
        ) FILTER (WHERE NOT is_success) AS failed_polls
    FROM (
        SELECT
            polls.*,
            count(*) FILTER (WHERE is_success) OVER so_far - is_success::integer AS wait_id,
            max(covered_until) FILTER (WHERE is_success) OVER before AS read_until,
            max(poll_id) FILTER (WHERE is_success) OVER before AS before_id,
            lag(producer_id) OVER so_far AS producer_before
        FROM polls
        WHERE purpose = 'poll'
          AND outcome <> 'bad_symbol'
        WINDOW
            so_far AS (PARTITION BY watch_id ORDER BY poll_id),
            before AS (PARTITION BY watch_id ORDER BY poll_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ) AS numbered
    GROUP BY watch_id, wait_id
),
-- What was read only when our asking worked again, more than the 60 s late that a bar waits before it closes.
delayed AS MATERIALIZED (
    SELECT
        waits.watch_id,
        tstzrange(delay.starts_at, delay.ends_at) AS span,
        waits.poll_before,
        waits.failed_polls,
        waits.answered_by
    FROM waits
    CROSS JOIN LATERAL (
        SELECT
            date_trunc('minute', waits.read_until + INTERVAL '59.999999 seconds') AS starts_at,
            date_trunc('minute', waits.answered_at - INTERVAL '60 seconds') AS ends_at
    ) AS delay
    WHERE (waits.failed_polls IS NOT NULL OR waits.is_other_producer)
      AND delay.starts_at < delay.ends_at
),
--
delayed_minutes AS (
    SELECT watched.symbol, watched.feed, range_agg(delayed.span) AS minutes
    FROM delayed
    JOIN watched USING (watch_id)
    GROUP BY watched.symbol, watched.feed
),
-- Bars that were closed as absent and made afterwards.
made_late AS (
    SELECT
        symbol,
        feed,
        session_part,
        bar_start,
        jsonb_agg(restatement_id ORDER BY restatement_id) AS restatements
    FROM ops.restatement
    WHERE trading_date = %(trading_date)s
      AND symbol = ANY (%(symbols)s)
      AND old IS NULL
    GROUP BY symbol, feed, session_part, bar_start
),
--
made_late_minutes AS (
    SELECT symbol, feed, session_part, range_agg(tstzrange(bar_start, bar_start + INTERVAL '1 minute')) AS minutes
    FROM made_late
    GROUP BY symbol, feed, session_part
),
-- A letter that was replayed has landed as an event. One that the stream could not read names its symbol in its body.
letters AS MATERIALIZED (
    SELECT
        letter.dead_letter_id,
        letter.symbol,
        letter.feed,
        date_trunc('minute', letter.event_at) AS minute
    FROM (
        SELECT
            dead_letter_id,
            coalesce(symbol, substring(encode(substring(body FROM 1 FOR 10000), 'escape') FROM '"symbol" *: *"([^"]+)"'))
                AS symbol,
            feed,
            ops.dead_letter_event_at(body) AS event_at
        FROM ops.dead_letter
        WHERE status <> 'replayed'
          -- What the calendar calls this day cannot have landed before it, wherever it is.
          AND landed_at >= %(trading_date)s::timestamp AT TIME ZONE 'UTC' - INTERVAL '1 day'
    ) AS letter
    WHERE letter.symbol = ANY (%(symbols)s)
      AND letter.event_at IS NOT NULL
),
--
lettered AS (
    SELECT scope.symbol, scope.feed, range_agg(tstzrange(letters.minute, letters.minute + INTERVAL '1 minute')) AS minutes
    FROM scope
    JOIN letters
        ON letters.symbol = scope.symbol
       AND coalesce(letters.feed, scope.feed) = scope.feed
    GROUP BY scope.symbol, scope.feed
),
-- A minute that a halt only touches counts as halted when we looked and saw nothing. What a file told without an end ends
-- with the first minute of a later price.
halts AS MATERIALIZED (
    SELECT
        symbol,
        halted_at,
        source,
        tstzrange(
            date_trunc('minute', halted_at + INTERVAL '59.999999 seconds'),
            -- A halt within one minute has no whole one; one without an end has all that follow.
            CASE
                WHEN resumed_at IS NOT NULL
                    THEN greatest(
                        date_trunc('minute', resumed_at),
                        date_trunc('minute', halted_at + INTERVAL '59.999999 seconds')
                    )
            END
        ) AS whole,
        tstzrange(
            date_trunc('minute', halted_at),
            date_trunc('minute', resumed_at + INTERVAL '59.999999 seconds')
        ) AS touched
    FROM (
        SELECT
            halt.symbol,
            halt.halted_at,
            halt.source,
            coalesce(halt.resumed_at, (
                SELECT min(bar.bar_start)
                FROM market.bar_1m AS bar
                WHERE bar.symbol = halt.symbol
                  AND bar.bar_start > halt.halted_at
                  AND bar.open IS NOT NULL
            )) AS resumed_at
        FROM market.halt
        WHERE halt.symbol = ANY (%(symbols)s)
          AND halt.halted_at < %(trading_date)s::timestamp AT TIME ZONE 'UTC' + INTERVAL '3 days'
          AND coalesce(halt.resumed_at, 'infinity') > %(trading_date)s::timestamp AT TIME ZONE 'UTC' - INTERVAL '2 days'
    ) AS told
    WHERE coalesce(resumed_at, 'infinity') > %(trading_date)s::timestamp AT TIME ZONE 'UTC' - INTERVAL '2 days'
),
--
halted AS (
    SELECT symbol, range_agg(whole) AS whole, range_agg(touched) AS touched
    FROM halts
    GROUP BY symbol
),
-- Minutes in which the provider's own bar counts trades, of which its trades say nothing: not even a cancelled one.
contradicted AS MATERIALIZED (
    SELECT bar.symbol, bar.feed, bar.bar_start, bar.entity_id
    FROM market.provider_bar AS bar
    WHERE bar.trading_date = %(trading_date)s
      AND bar.symbol = ANY (%(symbols)s)
      AND bar.interval = 'PT1M'
      AND bar.volume > 0
      AND NOT EXISTS (
          SELECT
          FROM bars
          WHERE bars.symbol = bar.symbol
            AND bars.feed = bar.feed
            AND bars.bar_start = bar.bar_start
      )
      AND NOT EXISTS (
          SELECT
          FROM market.event
          WHERE event.trading_date = %(trading_date)s
            AND event.symbol = bar.symbol
            AND event.feed = bar.feed
            AND event.event_type = 'trade'
            AND event.event_time_ns >= extract(epoch FROM bar.bar_start)::bigint * 1000000000
            AND event.event_time_ns < extract(epoch FROM bar.bar_end)::bigint * 1000000000
      )
),
--
contradicted_minutes AS (
    SELECT symbol, feed, range_agg(tstzrange(bar_start, bar_start + INTERVAL '1 minute')) AS minutes
    FROM contradicted
    GROUP BY symbol, feed
),
-- Symbols that the provider said it does not know.
refused AS (
    SELECT watched.symbol, watched.feed, jsonb_agg(polls.poll_id ORDER BY polls.poll_id) AS poll_ids
    FROM polls
    JOIN watched USING (watch_id)
    WHERE polls.outcome = 'bad_symbol'
    GROUP BY watched.symbol, watched.feed
),
-- Each step takes its minutes from what the steps before it left.
sorted AS MATERIALIZED (
    SELECT
        part.symbol,
        part.feed,
        part.session_part,
        part.is_subscribed,
        refused.poll_ids AS refused_by,
        on_time.minutes - late.delayed - late.made AS received,
        late.made - late.delayed AS late_made,
        late.delayed AS late_delayed,
        missing.minutes * facts.lettered AS dead_lettered,
        step_1.minutes * facts.halted AS halted,
        step_2.minutes * facts.covered * facts.waiting AS not_landed,
        step_2.minutes * facts.covered * facts.lost - facts.waiting AS lost,
        step_3.minutes * facts.contradicted AS contradicted,
        step_3.minutes - facts.contradicted AS no_trade,
        step_2.minutes - facts.covered AS unseen
    FROM part
    LEFT JOIN traded USING (symbol, feed, session_part)
    LEFT JOIN made_late_minutes AS made USING (symbol, feed, session_part)
    LEFT JOIN delayed_minutes USING (symbol, feed)
    LEFT JOIN covered USING (symbol, feed)
    LEFT JOIN doubtful USING (symbol, feed)
    LEFT JOIN lettered USING (symbol, feed)
    LEFT JOIN contradicted_minutes USING (symbol, feed)
    LEFT JOIN refused USING (symbol, feed)
    LEFT JOIN halted USING (symbol)
    CROSS JOIN LATERAL (
        SELECT
            coalesce(covered.minutes, '{}') AS covered,
            coalesce(doubtful.waiting, '{}') AS waiting,
            coalesce(doubtful.lost, '{}') AS lost,
            coalesce(lettered.minutes, '{}') AS lettered,
            coalesce(contradicted_minutes.minutes, '{}') AS contradicted,
            coalesce(halted.whole + halted.touched * covered.minutes, halted.whole, '{}') AS halted
    ) AS facts
    CROSS JOIN LATERAL (SELECT part.expected * coalesce(traded.minutes, '{}') AS minutes) AS on_time
    CROSS JOIN LATERAL (
        SELECT
            on_time.minutes * coalesce(made.minutes, '{}') AS made,
            on_time.minutes * coalesce(delayed_minutes.minutes, '{}') AS delayed
    ) AS late
    CROSS JOIN LATERAL (SELECT part.expected - on_time.minutes AS minutes) AS missing
    CROSS JOIN LATERAL (SELECT missing.minutes - facts.lettered AS minutes) AS step_1
    CROSS JOIN LATERAL (SELECT step_1.minutes - facts.halted AS minutes) AS step_2
    CROSS JOIN LATERAL (SELECT step_2.minutes * facts.covered - facts.waiting - facts.lost AS minutes) AS step_3
),
-- Five quiet minutes or more (the length of a volatility pause) of the regular part.
pauses AS MATERIALIZED (
    SELECT sorted.*, run.span, length.minutes
    FROM sorted
    CROSS JOIN LATERAL unnest(sorted.no_trade) AS run (span)
    CROSS JOIN LATERAL (SELECT extract(epoch FROM upper(run.span) - lower(run.span)) / 60 AS minutes) AS length
    WHERE sorted.session_part = 'regular'
      AND length.minutes >= 5
),
-- Beside each the other minutes of that part that we saw, and how many of them were quiet.
quiet AS (
    SELECT
        pauses.symbol,
        pauses.feed,
        pauses.span,
        pauses.minutes,
        day.traded + day.quiet - pauses.minutes AS other_minutes,
        day.quiet - pauses.minutes AS other_quiet
    FROM pauses
    CROSS JOIN LATERAL (
        SELECT
            coalesce(sum(extract(epoch FROM upper(seen.span) - lower(seen.span)) / 60) FILTER (WHERE NOT is_quiet), 0)
                AS traded,
            sum(extract(epoch FROM upper(seen.span) - lower(seen.span)) / 60) FILTER (WHERE is_quiet) AS quiet
        FROM (
            SELECT unnest(pauses.received + pauses.late_made + pauses.late_delayed) AS span, false AS is_quiet
            UNION ALL
            SELECT unnest(pauses.no_trade), true
        ) AS seen
    ) AS day
),
-- A halt is presumed of a symbol that trades in most minutes, when chance makes such a silence less often than once in a
-- thousand days, judged by the other minutes of the day or, of a day with less than an hour of them, by the last twenty
-- days; and when another symbol of the feed traded meanwhile, or the whole feed would be what stands still.
presumed AS MATERIALIZED (
    SELECT
        quiet.symbol,
        quiet.feed,
        quiet.span,
        jsonb_build_object(
            'quiet_share', round(usual.quiet_share, 4),
            'judged_by', usual.judged_by,
            'trading_meanwhile', other.symbol,
            'last_traded_minute', (
                SELECT max(bars.bar_start)
                FROM bars
                WHERE bars.symbol = quiet.symbol
                  AND bars.feed = quiet.feed
                  AND bars.bar_start < lower(quiet.span)
            )
        ) AS cites
    FROM quiet
    LEFT JOIN LATERAL (
        SELECT sum(minutes_with_trades)::numeric AS traded, sum(minutes_expected)::numeric AS expected
        FROM (
            SELECT minutes_with_trades, minutes_expected
            FROM rollup.daily
            WHERE daily.symbol = quiet.symbol
              AND daily.feed = quiet.feed
              AND daily.trading_date < %(trading_date)s
              AND daily.minutes_expected > 0
            ORDER BY daily.trading_date DESC
            LIMIT 20
        ) AS days
        WHERE quiet.other_minutes < 60
    ) AS before ON true
    CROSS JOIN LATERAL (
        -- One minute more of each kind: a share of zero would make every silence impossible.
        SELECT
            CASE
                WHEN quiet.other_minutes >= 60 THEN (quiet.other_quiet + 1) / (quiet.other_minutes + 2)
                ELSE (before.expected - before.traded + 1) / (before.expected + 2)
            END AS quiet_share,
            CASE WHEN quiet.other_minutes >= 60 THEN 'the day''s other minutes' ELSE 'the days before' END AS judged_by
    ) AS usual
    CROSS JOIN LATERAL (
        SELECT bar.symbol
        FROM market.bar_1m AS bar
        WHERE bar.trading_date = %(trading_date)s
          AND bar.feed = quiet.feed
          AND bar.symbol <> quiet.symbol
          AND bar.bar_start >= lower(quiet.span)
          AND bar.bar_start < upper(quiet.span)
          AND bar.trade_count > 0
        ORDER BY bar.symbol
        LIMIT 1
    ) AS other
    WHERE usual.quiet_share < 0.5
      AND (quiet.other_minutes + quiet.minutes) * power(usual.quiet_share, quiet.minutes) < 0.001
),
--
presumed_minutes AS (
    SELECT symbol, feed, range_agg(span) AS minutes
    FROM presumed
    GROUP BY symbol, feed
),
--
runs AS MATERIALIZED (
    SELECT
        sorted.symbol,
        sorted.feed,
        sorted.session_part,
        kind.status,
        kind.reason,
        sorted.refused_by,
        run.span
    FROM sorted
    LEFT JOIN presumed_minutes AS presumed
        ON presumed.symbol = sorted.symbol
       AND presumed.feed = sorted.feed
       AND sorted.session_part = 'regular'
    CROSS JOIN LATERAL (
        VALUES
            ('received', NULL, sorted.received),
            ('late', NULL, sorted.late_made),
            ('late', 'our_outage', sorted.late_delayed),
            ('missing', 'dead_lettered', sorted.dead_lettered),
            ('missing', 'halted', sorted.halted),
            ('missing', 'not_landed', sorted.not_landed),
            ('missing', 'lost', sorted.lost),
            ('missing', 'provider_gap', sorted.contradicted),
            ('missing', 'no_trade', sorted.no_trade - coalesce(presumed.minutes, '{}')),
            ('missing', 'presumed_halt', sorted.no_trade * coalesce(presumed.minutes, '{}')),
            (
                'missing',
                CASE
                    WHEN NOT sorted.is_subscribed THEN 'not_subscribed'
                    WHEN sorted.refused_by IS NOT NULL THEN 'provider_gap'
                    ELSE 'our_outage'
                END,
                sorted.unseen
            )
    ) AS kind (status, reason, minutes)
    CROSS JOIN LATERAL unnest(kind.minutes) AS run (span)
),
-- The polls that spanned a quiet run.
quiet_cites AS (
    SELECT runs.symbol, runs.feed, lower(runs.span) AS starts_at, jsonb_agg(DISTINCT looked.poll_id) AS poll_ids
    FROM runs
    JOIN watched USING (symbol, feed)
    JOIN looked
        ON looked.watch_id = watched.watch_id
       AND looked.span && runs.span
    WHERE runs.reason IN ('no_trade', 'presumed_halt')
    GROUP BY runs.symbol, runs.feed, lower(runs.span)
),
-- Of minutes that nobody saw: the polls that failed meanwhile, and the successful ones on both sides.
unseen_cites AS (
    SELECT
        runs.symbol,
        runs.feed,
        lower(runs.span) AS starts_at,
        (
            SELECT jsonb_agg(
                jsonb_build_object(
                    'poll_id', polls.poll_id,
                    'outcome', polls.outcome,
                    'http_status', polls.http_status,
                    'market_at', polls.market_at
                )
                ORDER BY polls.poll_id
            )
            FROM polls
            JOIN watched USING (watch_id)
            WHERE NOT polls.is_success
              AND watched.symbol = runs.symbol
              AND watched.feed = runs.feed
              AND polls.market_at >= lower(runs.span)
              AND polls.market_at <= upper(runs.span) + INTERVAL '1 minute'
        ) AS failed_polls,
        (
            SELECT looked.poll_id
            FROM looked
            JOIN watched USING (watch_id)
            WHERE watched.symbol = runs.symbol
              AND watched.feed = runs.feed
              AND upper(looked.span) <= lower(runs.span) + INTERVAL '1 minute'
            ORDER BY upper(looked.span) DESC, looked.poll_id DESC
            LIMIT 1
        ) AS poll_before,
        (
            SELECT looked.poll_id
            FROM looked
            JOIN watched USING (watch_id)
            WHERE watched.symbol = runs.symbol
              AND watched.feed = runs.feed
              AND lower(looked.span) >= upper(runs.span) - INTERVAL '1 minute'
            ORDER BY lower(looked.span), looked.poll_id
            LIMIT 1
        ) AS poll_after,
        (
            SELECT jsonb_agg(run.producer_id ORDER BY run.producer_id)
            FROM ops.producer_run AS run
            WHERE run.trading_date = %(trading_date)s
              AND run.feed = runs.feed
              AND runs.symbol = ANY (run.symbols)
        ) AS producer_runs
    FROM runs
    WHERE runs.status = 'missing'
      AND runs.reason = 'our_outage'
),
--
cited AS (
    SELECT
        runs.symbol,
        runs.feed,
        runs.session_part,
        runs.span,
        runs.status,
        CASE WHEN runs.status = 'missing' AND runs.reason = 'our_outage' AND unseen.cites = '{}' THEN 'unexplained' ELSE runs.reason END
            AS reason,
        CASE
            WHEN runs.status = 'late' AND runs.reason IS NULL THEN jsonb_build_object('restatements', (
                SELECT jsonb_agg(restatement_id ORDER BY restatement_id)
                FROM made_late
                CROSS JOIN LATERAL jsonb_array_elements(made_late.restatements) AS restatement_id
                WHERE made_late.symbol = runs.symbol
                  AND made_late.feed = runs.feed
                  AND made_late.session_part = runs.session_part
                  AND made_late.bar_start <@ runs.span
            ))
            WHEN runs.status = 'late' THEN (
                SELECT jsonb_strip_nulls(jsonb_build_object(
                    'poll_before', min(delayed.poll_before),
                    'failed_polls', jsonb_path_query_array(
                        jsonb_agg(delayed.failed_polls) FILTER (WHERE delayed.failed_polls IS NOT NULL), '$[*][*]'
                    ),
                    'answered_by', max(delayed.answered_by)
                ))
                FROM delayed
                JOIN watched USING (watch_id)
                WHERE watched.symbol = runs.symbol
                  AND watched.feed = runs.feed
                  AND delayed.span && runs.span
            )
            WHEN runs.reason = 'dead_lettered' THEN jsonb_build_object('dead_letters', (
                SELECT jsonb_agg(letters.dead_letter_id ORDER BY letters.dead_letter_id)
                FROM letters
                WHERE letters.symbol = runs.symbol
                  AND coalesce(letters.feed, runs.feed) = runs.feed
                  AND letters.minute <@ runs.span
            ))
            WHEN runs.reason = 'halted' THEN jsonb_build_object('halts', (
                SELECT jsonb_agg(
                    jsonb_build_object('halted_at', halts.halted_at, 'source', halts.source) ORDER BY halts.halted_at
                )
                FROM halts
                WHERE halts.symbol = runs.symbol
                  AND halts.touched && runs.span
            ))
            WHEN runs.reason IN ('not_landed', 'lost') THEN (
                SELECT jsonb_strip_nulls(jsonb_build_object(
                    'polls', jsonb_agg(DISTINCT doubts.poll_id),
                    'losses', CASE WHEN runs.reason = 'lost' THEN (array_agg(doubts.losses ORDER BY doubts.poll_id DESC))[1] END
                ))
                FROM doubts
                WHERE doubts.symbol = runs.symbol
                  AND doubts.feed = runs.feed
                  AND doubts.is_lost = (runs.reason = 'lost')
                  AND doubts.minutes && runs.span
            )
            WHEN runs.reason = 'provider_gap' AND runs.refused_by IS NOT NULL
                THEN jsonb_build_object('refused_by', runs.refused_by)
            WHEN runs.reason = 'provider_gap' THEN jsonb_build_object('provider_bars', (
                SELECT jsonb_agg(contradicted.entity_id ORDER BY contradicted.bar_start)
                FROM contradicted
                WHERE contradicted.symbol = runs.symbol
                  AND contradicted.feed = runs.feed
                  AND contradicted.bar_start <@ runs.span
            ))
            WHEN runs.reason IN ('no_trade', 'presumed_halt')
                THEN jsonb_build_object('polls', quiet_cites.poll_ids) || coalesce(presumed.cites, '{}')
            WHEN runs.reason = 'not_subscribed' THEN jsonb_build_object('subscriptions', '[]'::jsonb)
            WHEN runs.reason = 'our_outage' THEN unseen.cites
            ELSE '{}'
        END AS cites
    FROM runs
    LEFT JOIN quiet_cites
        ON quiet_cites.symbol = runs.symbol
       AND quiet_cites.feed = runs.feed
       AND quiet_cites.starts_at = lower(runs.span)
       AND runs.reason IN ('no_trade', 'presumed_halt')
    LEFT JOIN presumed
        ON presumed.symbol = runs.symbol
       AND presumed.feed = runs.feed
       AND lower(presumed.span) = lower(runs.span)
       AND runs.reason = 'presumed_halt'
    LEFT JOIN unseen_cites
        ON unseen_cites.symbol = runs.symbol
       AND unseen_cites.feed = runs.feed
       AND unseen_cites.starts_at = lower(runs.span)
       AND runs.reason = 'our_outage'
    CROSS JOIN LATERAL (
        SELECT jsonb_strip_nulls(jsonb_build_object(
            'failed_polls', unseen_cites.failed_polls,
            'poll_before', unseen_cites.poll_before,
            'poll_after', unseen_cites.poll_after,
            -- The runs are worth a word only when not one poll of theirs is.
            'producer_runs', CASE
                WHEN coalesce(unseen_cites.failed_polls, to_jsonb(unseen_cites.poll_before), to_jsonb(unseen_cites.poll_after))
                    IS NULL THEN unseen_cites.producer_runs
            END
        )) AS cites
    ) AS unseen
)
SELECT
    symbol,
    feed,
    %(trading_date)s::date AS trading_date,
    lower(span) AS range_start,
    upper(span) AS range_end,
    session_part,
    status,
    reason,
    cites
FROM cited
UNION ALL
-- What an early close leaves of the usual day.
SELECT
    scope.symbol,
    scope.feed,
    %(trading_date)s::date,
    session.post_close_at,
    usual.ends_at,
    'closed',
    'missing',
    'closed',
    jsonb_build_object('session', jsonb_build_object(
        'calendar', session.calendar, 'trading_date', session.trading_date, 'close_at', session.close_at
    ))
FROM scope
JOIN market.session
    ON session.calendar = scope.calendar
   AND session.trading_date = %(trading_date)s
JOIN unnest(%(calendars)s::text[], %(usual_ends)s::timestamptz[]) AS usual (calendar, ends_at)
    ON usual.calendar = session.calendar
WHERE session.post_close_at < usual.ends_at
ORDER BY symbol, feed, range_start
