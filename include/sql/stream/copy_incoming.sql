-- The distinct versions of a batch, in the column order of marketpulse.stream.row.

COPY incoming (
    trading_date, entity_id, event_id, event_type, action, provider, endpoint, feed, symbol, provider_symbol, session_part,
    event_at, event_time_ns, price, size, currency, exchange, tape, trade_id, sequence, trade_id_number, sequence_number, conditions,
    volume_scope, quality, detail, extra, bar_start, bar_session_part, adds_volume, sets_high_low, sets_open_close, auction, synthetic,
    delay_s, requested_at, received_at, producer_id, producer_seq, kafka_topic, kafka_partition, kafka_offset,
    advances_progress, has_rival
) FROM STDIN
