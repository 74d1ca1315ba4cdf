"""The ids that follow from what an event says: a corrected price is another version than the broken one."""

from msgspec.structs import replace

from marketpulse.events.event import AnyEvent, Bar, Quote, Snapshot, Trade
from marketpulse.events.identity import Ids, bar_ids, quote_ids, snapshot_ids, status_ids, trade_ids


def with_ids(event: AnyEvent) -> AnyEvent:
    """The event with the ids of its content, as its provider's adapter would give them."""
    entity_id, event_id = _ids(event)
    return replace(event, entity_id=entity_id, event_id=event_id)


def _ids(event: AnyEvent) -> Ids:
    if isinstance(event, Trade):
        return trade_ids(
            event.provider,
            event.feed,
            symbol=event.symbol,
            exchange=event.exchange or "",
            trf=event.trf or "",
            trade_id=event.trade_id or "",
            event_time_ns=event.event_time_ns,
            price=event.price,
            size=event.size,
            action=event.action,
        )
    if isinstance(event, Quote):
        return quote_ids(
            event.provider,
            event.feed,
            symbol=event.symbol,
            event_time_ns=event.event_time_ns,
            bid=event.bid,
            bid_size=event.bid_size,
            bid_exchange=event.bid_exchange or "",
            ask=event.ask,
            ask_size=event.ask_size,
            ask_exchange=event.ask_exchange or "",
        )
    if isinstance(event, Bar):
        return bar_ids(
            event.provider,
            event.feed,
            symbol=event.symbol,
            interval=event.interval,
            bar_start_ns=event.bar_start_ns,
            adjustment=event.adjustment,
            open_=event.open,
            high=event.high,
            low=event.low,
            close=event.close,
            volume=event.volume,
            vwap=event.vwap,
            trade_count=event.trade_count,
        )
    if isinstance(event, Snapshot):
        return snapshot_ids(
            event.provider,
            event.feed,
            symbol=event.symbol,
            event_time_ns=event.event_time_ns,
            last=event.last,
            day_open=event.day_open,
            day_high=event.day_high,
            day_low=event.day_low,
            day_volume=event.day_volume,
            prev_close=event.prev_close,
        )
    return status_ids(
        event.provider,
        event.feed,
        symbol=event.symbol,
        event_time_ns=event.event_time_ns,
        code=event.status_code,
        reason=event.status_reason,
    )
