"""Made-up trades of one session in the producer's own wire form, fast: the codec makes a template, numbers go in.

Symbols follow Zipf's law, times are uniform over a session that has five million of them; a poll of five seconds brings
its trades symbol by symbol, as the provider's answers do. The same seed gives the same bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from marketpulse.events.codec import decode_event, encode
from marketpulse.events.event import Trade
from marketpulse.events.partition import partition_of
from marketpulse.events.timestamps import datetime_ns, format_ns, ns_datetime

DAY = date(2026, 11, 20)
OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
SESSION = timedelta(minutes=390)
# A smaller backlog is a shorter stretch of the same busy day, not a quieter day.
SESSION_ROWS = 5_000_000
POLL_S = 5
PRODUCER = "p-backlog00001"
_SECOND_NS = 1_000_000_000
_CHUNK = 50_000
_CHECK_EVERY = 9_973

_EXCHANGES = ("V", "Q", "N", "P", "Z", "K", "D")
_SIZES = (100, 100, 100, 100, 200, 300, 400, 500, 1000, 1, 2, 5, 7, 10, 20, 25, 33, 40, 50, 75)
_CONDITIONS = ('["@"]', '["@"]', '["@"]', '["@","F"]')
_ODD_LOT = '["@","I"]'


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is made: so many trades of so many symbols, spread over the partitions as the producer does."""

    rows: int
    symbols: int = 500
    partitions: int = 2
    seed: int = 20261120


@dataclass(frozen=True, slots=True)
class Message:
    """One record of the topic, and the same trade as a line of COPY for bench.trade."""

    partition: int
    key: bytes
    value: bytes
    event_id: str
    line: bytes


def messages(backlog: Backlog) -> Iterator[Message]:
    """Every record in the order of its publication. Every 9,973rd is read back by the codec and compared."""
    random = np.random.default_rng(backlog.seed)
    order = _drawn(backlog, random)
    names = [f"S{number:03d}" for number in range(backlog.symbols)]
    places = [(name.encode(), partition_of(name, backlog.partitions)) for name in names]
    bases = random.integers(800, 40_000, backlog.symbols)
    seqs = dict.fromkeys(range(backlog.partitions), 0)
    for start in range(0, backlog.rows, _CHUNK):
        chunk = slice(start, min(start + _CHUNK, backlog.rows))
        symbols, times = order.symbols[chunk], order.times[chunk]
        cents = bases[symbols] + random.integers(-60, 60, len(times))
        picks = random.integers(0, 1 << 30, len(times))
        ids = random.bytes(32 * len(times)).hex()
        for number, (symbol, ns, price, pick) in enumerate(
            zip(symbols.tolist(), times.tolist(), cents.tolist(), picks.tolist(), strict=True)
        ):
            key, partition = places[symbol]
            seqs[partition] += 1
            size = _SIZES[pick % len(_SIZES)]
            place = number * 64
            trade = _Drawn(
                name=names[symbol],
                ns=ns,
                poll=(ns - _OPEN_NS) // (POLL_S * _SECOND_NS),
                price=_price_text(price),
                size=str(size),
                conditions=_ODD_LOT if size < 100 else _CONDITIONS[(pick >> 8) % len(_CONDITIONS)],
                exchange=_EXCHANGES[(pick >> 12) % len(_EXCHANGES)],
                tape="ABC"[symbol % 3],
                trade_id=str(start + number + 1),
                entity_id=ids[place : place + 32],
                event_id=ids[place + 32 : place + 64],
                seq=seqs[partition],
            )
            message = Message(partition, key, trade.value(), trade.event_id, trade.line())
            if (start + number) % _CHECK_EVERY == 0:
                _check(message)
            yield message


@dataclass(frozen=True, slots=True)
class _Order:
    symbols: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]


_OPEN_NS = datetime_ns(OPEN)


def _drawn(backlog: Backlog, random: np.random.Generator) -> _Order:
    """Symbols and event times in the order of publication: by poll, then symbol, then time."""
    weights = 1 / np.arange(1, backlog.symbols + 1)
    shares = np.cumsum(weights / weights.sum())
    symbols = np.searchsorted(shares, random.random(backlog.rows)).clip(max=backlog.symbols - 1)
    share = min(1.0, backlog.rows / SESSION_ROWS)
    times = random.integers(0, int(SESSION.total_seconds() * share * _SECOND_NS), backlog.rows)
    order = np.lexsort((times, symbols, times // (POLL_S * _SECOND_NS)))
    return _Order(symbols[order], _OPEN_NS + times[order])


@dataclass(slots=True)
class _Drawn:
    name: str
    ns: int
    poll: int
    price: str
    size: str
    conditions: str
    exchange: str
    tape: str
    trade_id: str
    entity_id: str
    event_id: str
    seq: int

    def value(self) -> bytes:
        """The bytes that the producer would have sent."""
        requested, received = _poll_times(self.poll)
        return (
            _TEMPLATE
            % (
                self.entity_id,
                self.event_id,
                self.name,
                self.name,
                _second_text(self.ns // _SECOND_NS),
                self.ns % _SECOND_NS,
                self.ns,
                requested,
                received,
                self.seq,
                self.price,
                self.size,
                self.trade_id,
                self.exchange,
                self.tape,
                self.conditions,
            )
        ).encode()

    def line(self) -> bytes:
        """The same as a line of COPY text in the column order of bench.trade."""
        requested, received = _poll_times(self.poll)
        second, nanoseconds = divmod(self.ns, _SECOND_NS)
        fields = (
            f"1\ttrade\t{self.entity_id}\t{self.event_id}\tnew\talpaca\talpaca.trades\tsip\tf\t{self.name}",
            f"{self.name}\tregular\t2026-11-20\t{_second_text(second)}.{nanoseconds // 1000:06d}Z\t{self.ns}",
            "ns\ttrade",
            f"{requested}\t{received}\t{PRODUCER}\t{self.seq}\tUSD\t{self.price}\t{self.size}\t{self.trade_id}",
            f"{self.exchange}\t{self.tape}\t{self.conditions}\tconsolidated\n",
        )
        return "\t".join(fields).encode()


_seconds: dict[int, str] = {}
_polls: dict[int, tuple[str, str]] = {}


def _second_text(second: int) -> str:
    text = _seconds.get(second)
    if text is None:
        text = _seconds[second] = format_ns(second * _SECOND_NS)[:19]
    return text


def _poll_times(poll: int) -> tuple[str, str]:
    """When a poll was sent and answered, as the codec writes it."""
    times = _polls.get(poll)
    if times is None:
        sent = OPEN + timedelta(seconds=(poll + 1) * POLL_S, microseconds=1_371 * (poll % 97) + 11)
        received = sent + timedelta(microseconds=81_003 + poll % 991)
        requested_text, received_text = (
            at.isoformat(timespec="microseconds").replace("+00:00", "Z") for at in (sent, received)
        )
        times = _polls[poll] = (requested_text, received_text)
    return times


def _price_text(cents: int) -> str:
    """As Decimal writes the number of a provider's JSON: no trailing zeros."""
    whole, rest = divmod(cents, 100)
    if not rest:
        return str(whole)
    return f"{whole}.{rest:02d}".rstrip("0")


def _template() -> str:
    """What the codec makes of a trade, with places for what differs from trade to trade."""
    at = datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    marked = Trade(
        schema_version=1,
        entity_id="<entity>",
        event_id="<event>",
        action="new",
        provider="alpaca",
        endpoint="alpaca.trades",
        feed="sip",
        synthetic=False,
        symbol="<symbol>",
        provider_symbol="<symbol>",
        session_part="regular",
        trading_date=DAY,
        event_at="<event_at>",
        event_time_ns=111_111,
        event_time_precision="ns",
        event_time_basis="trade",
        requested_at=at,
        received_at=at + timedelta(days=1),
        producer_id=PRODUCER,
        producer_seq=222_222,
        currency="USD",
        price=Decimal("333333"),
        size=Decimal("444444"),
        trade_id="<trade_id>",
        exchange="<exchange>",
        tape="<tape>",
        conditions=("<conditions>",),
        volume_scope="consolidated",
    )
    text = encode(marked).decode()
    for mark, place in (
        ("<entity>", "%s"),
        ("<event>", "%s"),
        ("<symbol>", "%s"),
        ("<event_at>", "%s.%09dZ"),
        ("111111", "%d"),
        ("2026-01-01T00:00:00.000001Z", "%s"),
        ("2026-01-02T00:00:00.000001Z", "%s"),
        ("222222", "%d"),
        ("333333", "%s"),
        ("444444", "%s"),
        ("<trade_id>", "%s"),
        ("<exchange>", "%s"),
        ("<tape>", "%s"),
        ('["<conditions>"]', "%s"),
    ):
        if mark not in text:
            raise AssertionError(f"the codec writes no {mark}")
        text = text.replace(mark, place)
    return text


_TEMPLATE = _template()


def _check(message: Message) -> None:
    """That the template still writes what the codec writes, and the line says the same."""
    event = decode_event(message.value)
    assert isinstance(event, Trade)
    assert encode(event) == message.value, (encode(event), message.value)
    fields = message.line.decode().split("\t")
    assert (fields[2], fields[3], fields[9]) == (event.entity_id, event.event_id, event.symbol)
    assert (Decimal(fields[22]), Decimal(fields[23])) == (event.price, event.size)
    assert datetime.fromisoformat(fields[13]) == ns_datetime(event.event_time_ns)
    assert datetime.fromisoformat(fields[18]) == event.received_at
