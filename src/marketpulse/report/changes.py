"""What one restatement changed, field by field."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from marketpulse.report.figures import amount, price
from marketpulse.report.rows import RestatementRow

_FIELDS: tuple[tuple[str, str, Callable[[Decimal | int | None], str]], ...] = (
    ("open", "open", price),
    ("high", "high", price),
    ("low", "low", price),
    ("close", "close", price),
    ("vwap", "VWAP", price),
    ("volume", "volume", amount),
    ("trade_count", "trades", amount),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a bar before and after, as text."""

    field: str
    old: str
    new: str


def changes(row: RestatementRow) -> tuple[Change, ...]:
    """The fields that differ; a bar that came into being, or went, differs in all it has."""
    pairs = ((title, getattr(row, f"old_{name}"), getattr(row, f"new_{name}"), text) for name, title, text in _FIELDS)
    return tuple(Change(title, text(old), text(new)) for title, old, new, text in pairs if old != new)


def kind(row: RestatementRow) -> str:
    """What happened to the bar as a whole."""
    if row.old_trade_count is None:
        return "new bar"
    return "bar gone" if row.new_trade_count is None else "changed"
