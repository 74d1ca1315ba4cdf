"""`marketpulse consume`: the topic's events in the terminal, as table rows or as JSON lines."""

from rich.console import Console

from marketpulse.events.event import AnyEvent, Bar, Quote, Snapshot, Status, Trade
from marketpulse.ingest.consume import Consumed, consume
from marketpulse.settings import settings

# Fixed widths instead of a table object: an endless stream has no end at which a table could be laid out.
_ROW = "{place:<12} {at:<26} {kind:<8} {action:<7} {symbol:<6} {feed:<5} {summary}"
_HEADING = _ROW.format(
    place="PART:OFFSET", at="EVENT AT (UTC)", kind="TYPE", action="ACTION", symbol="SYMBOL", feed="FEED", summary="WHAT"
)


def show(*, beginning: bool, maximum: int | None, as_json: bool) -> None:
    """Prints events until there are `maximum`, or for ever."""
    console = Console(highlight=False, soft_wrap=True)
    if not as_json:
        console.print(_HEADING, style="bold", markup=False)
    for record in consume(settings().kafka_bootstrap, beginning=beginning, maximum=maximum):
        if as_json:
            console.out(record.value.decode("utf-8", "replace"), highlight=False)
        else:
            console.print(row(record), style=_style(record), markup=False)


def row(record: Consumed) -> str:
    """One line about a record."""
    place = f"{record.partition}:{record.offset}"
    event = record.event
    if event is None:
        return f"{place:<12} unreadable: {record.error}"
    return _ROW.format(
        place=place,
        at=event.event_at[:26],
        kind=str(event.__struct_config__.tag),
        action=event.action,
        symbol=event.symbol,
        feed=event.feed[:5],
        summary=summary(event),
    )


def summary(event: AnyEvent) -> str:
    """What happened, in a few words."""
    match event:
        case Trade():
            conditions = " " + ",".join(event.conditions) if event.conditions else ""
            return f"{event.size} at {event.price} on {event.exchange or '?'}{conditions}"
        case Quote():
            return f"bid {event.bid} x {event.bid_size}, ask {event.ask} x {event.ask_size}"
        case Bar():
            return f"{event.interval} o {event.open} h {event.high} l {event.low} c {event.close} v {event.volume}"
        case Snapshot():
            return f"last {event.last}, volume {event.day_volume}"
        case Status():
            return f"{event.status_code} {event.status_text or ''}".rstrip()


def _style(record: Consumed) -> str:
    if record.event is None:
        return "red"
    return "yellow" if record.event.action in ("cancel", "correct") else ""
