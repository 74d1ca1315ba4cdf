-- What the facts of a batch are about, in the column order of marketpulse.stream.copying.

COPY touched (
    symbol,
    feed,
    event_type,
    trading_date,
    advances_progress,
    bar_session_part,
    minute,
    entity_id,
    latest_event_us
) FROM STDIN
