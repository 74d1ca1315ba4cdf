"""What happens to trades between the exchange and the reader: late, cancelled, corrected, repeated, unreadable.

Everything becomes visible within ten minutes of the session's end, and every amendment within twelve: a reader that
sweeps the session twenty minutes after its close has seen all of it.
"""

from dataclasses import dataclass, replace

import numpy as np

from marketpulse.events.session import Session
from marketpulse.events.timestamps import NS_PER_MINUTE, NS_PER_SECOND, datetime_ns
from marketpulse.simulator import conditions
from marketpulse.simulator.draft import FREE_VENUE, PRICE_DIGITS, SIZE_DIGITS, SIZE_UNIT, VENUES, Draft
from marketpulse.simulator.rows import (
    COPY,
    FACT,
    IS_CANCELED,
    IS_INCORRECT,
    MALFORMED,
    NEVER,
    BoolArray,
    CodeArray,
    DayRows,
    IntArray,
    Trades,
)
from marketpulse.simulator.universe import Stock
from marketpulse.simulator.wire import decimal_text, time_text

# Shares of a day's trades: reported over a minute late, over a quarter of an hour late, cancelled, corrected, repeated.
_LATE, _VERY_LATE, _CANCELED, _CORRECTED, _COPIED = 0.003, 0.0006, 0.0005, 0.0005, 0.002
_LAST_ARRIVAL_NS = 10 * NS_PER_MINUTE
_LAST_CHANGE_NS = 12 * NS_PER_MINUTE
# Trades with a condition of their own (auctions, reports) are never amended.
_FIRST_SPECIAL_SALE = conditions.OPENING_PRINT
_FEWEST_AMENDED = 20


@dataclass(frozen=True, slots=True)
class _Reports:
    """How each trade is told: parallel to a Draft."""

    visible_ns: IntArray
    changed_ns: IntArray
    change: CodeArray
    kind: CodeArray
    trade_id: IntArray
    corrects: BoolArray

    @classmethod
    def plain(
        cls, visible_ns: IntArray, first_ids: IntArray, *, kind: int = FACT, corrects: bool = False
    ) -> "_Reports":
        """Reports at `visible_ns` that never change."""
        count = len(visible_ns)
        return cls(
            visible_ns.copy(),
            np.full(count, NEVER, dtype=np.int64),
            np.zeros(count, dtype=np.uint8),
            np.full(count, kind, dtype=np.uint8),
            first_ids,
            np.full(count, corrects),
        )

    def take(self, rows: IntArray) -> "_Reports":
        return _Reports(**{name: getattr(self, name)[rows] for name in self.__slots__})

    def joined(self, *others: "_Reports") -> "_Reports":
        parts = (self, *others)
        return _Reports(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in self.__slots__})


def reported(
    draft: Draft,
    stock: Stock,
    session: Session,
    *,
    day_start_ns: int,
    rng: np.random.Generator,
    unreadable: bool = False,
) -> DayRows:
    """The day as its readers get it; `unreadable` adds one record without a price, on the free feed's venue."""
    end_ns = datetime_ns(session.post_close_at)
    reports = _Reports.plain(draft.event_ns, np.cumsum(rng.integers(1, 4, len(draft))).astype(np.int64))
    late, very_late, canceled, corrected = _disjoint_picks(draft, rng)
    for rows, least_s, most_s in ((late, 61, 14 * 60), (very_late, 16 * 60, 40 * 60)):
        delay_ns = rng.integers(least_s * NS_PER_SECOND, most_s * NS_PER_SECOND, len(rows))
        reports.visible_ns[rows] = np.minimum(draft.event_ns[rows] + delay_ns, end_ns + _LAST_ARRIVAL_NS)
    for rows, code in ((canceled, IS_CANCELED), (corrected, IS_INCORRECT)):
        delay_ns = rng.integers(20 * NS_PER_SECOND, 20 * NS_PER_MINUTE, len(rows))
        reports.changed_ns[rows] = np.minimum(reports.visible_ns[rows] + delay_ns, end_ns + _LAST_CHANGE_NS)
        reports.change[rows] = code

    better = _replacements(draft.take(corrected), rng)
    broken = draft.take(_unreadable_pick(draft, session)[: int(unreadable)])
    broken = replace(broken, venue=np.full(len(broken), FREE_VENUE, dtype=np.uint8))
    new_ids = (int(reports.trade_id[-1]) if len(draft) else 0) + 1 + np.arange(len(better) + len(broken))
    reports = reports.joined(
        _Reports.plain(reports.changed_ns[corrected], new_ids[: len(better)], corrects=True),
        _Reports.plain(broken.event_ns, new_ids[len(better) :], kind=MALFORMED),
    )
    everything = draft.joined(better, broken)
    order = np.argsort(everything.event_ns, kind="stable")
    # One unreadable record a day means one: it is never shown twice.
    repeats = (rng.random(len(order)) < _COPIED) & (reports.kind[order] == FACT)
    order = np.repeat(order, 1 + repeats)
    is_copy = np.append(False, order[1:] == order[:-1])[: len(order)]
    shown, reports = everything.take(order), reports.take(order)
    trades = _trades(shown, reports, is_copy, session)
    wire, amended = _texts(shown, reports, stock.tape)
    return DayRows(
        stock.symbol, session.trading_date, session, day_start_ns, PRICE_DIGITS, SIZE_DIGITS, trades, wire, amended
    )


def _disjoint_picks(draft: Draft, rng: np.random.Generator) -> tuple[IntArray, ...]:
    """Row numbers of the late, very late, cancelled and corrected trades."""
    plain = rng.permutation(np.flatnonzero(draft.sale < _FIRST_SPECIAL_SALE))
    counts = [0, 0, 0, 0]
    if len(plain) >= _FEWEST_AMENDED:
        counts = [max(1, round(share * len(plain))) for share in (_LATE, _VERY_LATE, _CANCELED, _CORRECTED)]
    return tuple(np.sort(part) for part in np.split(plain, np.cumsum(counts))[: len(counts)])


def _replacements(wrong: Draft, rng: np.random.Generator) -> Draft:
    """The corrected trades: same time and venue, a few hundredths off in price, and some shares more."""
    offset = rng.integers(1, 6, len(wrong)) * rng.choice([-1, 1], len(wrong))
    tick = np.where(wrong.price >= 10**PRICE_DIGITS, 100, 1)
    more = rng.integers(0, 2, len(wrong)) * SIZE_UNIT
    return replace(wrong, price=np.maximum(wrong.price + offset * tick, 1), size=wrong.size + more)


def _unreadable_pick(draft: Draft, session: Session) -> IntArray:
    """A plain trade a third into the regular hours: the unreadable record takes its place in time."""
    open_ns, close_ns = datetime_ns(session.open_at), datetime_ns(session.close_at)
    after = np.flatnonzero((draft.event_ns >= open_ns + (close_ns - open_ns) // 3) & (draft.sale < _FIRST_SPECIAL_SALE))
    return after[:1]


def _trades(rows: Draft, reports: _Reports, is_copy: BoolArray, session: Session) -> Trades:
    open_ns, close_ns = datetime_ns(session.open_at), datetime_ns(session.close_at)
    auction = conditions.AUCTION[rows.sale]
    return Trades(
        event_ns=rows.event_ns,
        visible_ns=reports.visible_ns,
        changed_ns=reports.changed_ns,
        change=reports.change,
        kind=np.where(is_copy, COPY, reports.kind).astype(np.uint8),
        price=rows.price,
        size=rows.size,
        adds_volume=conditions.ADDS_VOLUME[rows.sale],
        sets_price=conditions.SETS_PRICE[rows.sale],
        in_regular=((rows.event_ns >= open_ns) & (rows.event_ns < close_ns)) | (auction > 0),
        auction=auction,
        on_free_feed=rows.venue == FREE_VENUE,
    )


def _texts(rows: Draft, reports: _Reports, tape: str) -> tuple[tuple[bytes, ...], dict[int, bytes]]:
    """Every row's JSON, and what the amended ones turn into."""
    sales = conditions.sale_texts(tape)
    columns = (rows.event_ns, rows.price, rows.size, rows.sale, rows.venue)
    told = (reports.trade_id, reports.corrects, reports.kind)
    wire: list[bytes] = []
    for event_ns, price, size, sale, venue, trade_id, corrects, kind in zip(
        *(column.tolist() for column in (*columns, *told)), strict=True
    ):
        price_text = "null" if kind == MALFORMED else decimal_text(price, PRICE_DIGITS)
        end = ',"u":"corrected"}' if corrects else "}"
        wire.append(
            f'{{"t":"{time_text(event_ns)}","x":"{VENUES[venue]}","p":{price_text}'
            f',"s":{decimal_text(size, SIZE_DIGITS)},"c":{sales[sale]},"i":{trade_id},"z":"{tape}"{end}'.encode()
        )
    amended: dict[int, bytes] = {}
    for row in np.flatnonzero(reports.change).tolist():
        word = b"canceled" if reports.change[row] == IS_CANCELED else b"incorrect"
        amended[row] = wire[row][:-1] + b',"u":"' + word + b'"}'
    return tuple(wire), amended
