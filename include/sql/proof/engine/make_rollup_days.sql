-- DuckDB. Days from the stored bars of a minute and the auctions among the events. The official price is the last
-- correction's of the close, then the primary auction print's (the listing venue's, else the largest), then the first
-- report of the open and the last of the close, then the regular part's own. Days that are stored without a trade are due
-- as well.

CREATE OR REPLACE TABLE due AS
WITH traded AS (
    SELECT
        symbol,
        feed,
        arg_min(open, start_min) FILTER (WHERE session_part = 'regular' AND open IS NOT NULL) AS open,
        max(high) FILTER (WHERE session_part = 'regular') AS high,
        min(low) FILTER (WHERE session_part = 'regular') AS low,
        arg_max(close, start_min) FILTER (WHERE session_part = 'regular' AND close IS NOT NULL) AS close,
        sum(volume) FILTER (WHERE session_part = 'regular') AS volume,
        sum(notional) FILTER (WHERE session_part = 'regular') AS notional,
        sum(trade_count) FILTER (WHERE session_part = 'regular') AS trade_count,
        sum(volume) FILTER (WHERE session_part = 'pre') AS volume_pre,
        sum(volume) FILTER (WHERE session_part = 'post') AS volume_post,
        sum(trade_count) FILTER (WHERE session_part = 'pre') AS trade_count_pre,
        sum(trade_count) FILTER (WHERE session_part = 'post') AS trade_count_post
    FROM bar
    GROUP BY symbol, feed
),
placed AS (
    SELECT
        official.*,
        -- Nasdaq prints as Q or T; the other letters are those of the consolidated tapes.
        coalesce(
            CASE official.exchange
                WHEN 'A' THEN listing.mic = 'XASE'
                WHEN 'N' THEN listing.mic = 'XNYS'
                WHEN 'P' THEN listing.mic = 'ARCX'
                WHEN 'V' THEN listing.mic = 'IEXG'
                WHEN 'Z' THEN listing.mic = 'BATS'
                ELSE official.exchange IN ('Q', 'T') AND listing.mic IN ('XNAS', 'XNGS', 'XNMS', 'XNCM')
            END,
            false
        ) AS is_primary
    FROM official
    LEFT JOIN listing USING (symbol)
),
priced AS (
    SELECT
        symbol,
        feed,
        min({'away': NOT is_primary, 'size': -size, 'ns': ordering.ns, 'event_id': ordering.event_id, 'price': price})
            FILTER (WHERE auction = 'open').price AS open_print,
        min({'away': NOT is_primary, 'size': -size, 'ns': ordering.ns, 'event_id': ordering.event_id, 'price': price})
            FILTER (WHERE auction = 'close').price AS close_print,
        arg_min(price, ordering) FILTER (WHERE auction = 'open_report') AS open_report,
        arg_max(price, ordering) FILTER (WHERE auction = 'close_report') AS close_report,
        arg_max(price, ordering) FILTER (WHERE auction = 'close_correction') AS close_correction
    FROM placed
    GROUP BY symbol, feed
),
known AS (
    SELECT symbol, feed FROM traded
    UNION
    SELECT symbol, feed FROM stored
)
SELECT
    known.symbol,
    known.feed,
    coalesce(priced.open_print, priced.open_report, traded.open) AS open,
    traded.high,
    traded.low,
    coalesce(priced.close_correction, priced.close_print, priced.close_report, traded.close) AS close,
    coalesce(traded.volume, 0)::DECIMAL(24, 6) AS volume,
    coalesce(traded.notional, 0)::DECIMAL(38, 12) AS notional,
    exact_vwap(coalesce(traded.notional, 0)::DECIMAL(38, 12), coalesce(traded.volume, 0)::DECIMAL(24, 6)) AS vwap,
    coalesce(traded.trade_count, 0)::BIGINT AS trade_count,
    coalesce(traded.volume_pre, 0)::DECIMAL(24, 6) AS volume_pre,
    coalesce(traded.volume_post, 0)::DECIMAL(24, 6) AS volume_post,
    coalesce(traded.trade_count_pre, 0)::BIGINT AS trade_count_pre,
    coalesce(traded.trade_count_post, 0)::BIGINT AS trade_count_post
FROM known
LEFT JOIN traded USING (symbol, feed)
LEFT JOIN priced USING (symbol, feed)
ANTI JOIN dirty USING (symbol)
