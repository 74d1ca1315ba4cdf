"""How numbers and times read in the report. What is unknown is a dash, never a zero."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

DASH = "–"
MINUS = "−"


def price(value: Decimal | int | None) -> str:
    """All digits that carry something, two decimals at least."""
    return DASH if value is None else _trimmed(Decimal(value), least=2)


def amount(value: Decimal | int | None) -> str:
    """A volume or a count."""
    return DASH if value is None else _trimmed(Decimal(value), least=0)


def change(fraction: Decimal | None) -> str:
    """A return, given as a fraction, in per cent with its sign."""
    return DASH if fraction is None else _signed(fraction * 100)


def signed_pct(pct: Decimal | None) -> str:
    """A change that is in per cent already."""
    return DASH if pct is None else _signed(pct)


def share(pct: Decimal | None) -> str:
    """A percentage of a whole; 100 % only when nothing is missing."""
    if pct is None:
        return DASH
    rounded = pct.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    if rounded == 100 and pct < 100:
        rounded = Decimal("99.99")
    return f"{rounded} %"


def clock_time(at: datetime | None) -> str:
    """Hours and minutes."""
    return DASH if at is None else f"{at:%H:%M}"


def moment(at: datetime | None) -> str:
    """A UTC time to the second."""
    return DASH if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def long_date(day: date) -> str:
    """A date with its weekday."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def offset(ahead: timedelta) -> str:
    """How far a clock is ahead of UTC."""
    minutes = round(ahead / timedelta(minutes=1))
    sign = MINUS if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")


def duration(seconds: Decimal | float | None) -> str:
    """Seconds as people say them."""
    if seconds is None:
        return DASH
    whole = round(float(seconds))
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h {whole % 3600 // 60} min"


def words(code: str | None) -> str:
    """A code as words."""
    return DASH if not code else code.replace("_", " ")


def _signed(pct: Decimal) -> str:
    rounded = pct.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    sign = "+" if rounded > 0 else MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded):,} %"


def _trimmed(value: Decimal, *, least: int) -> str:
    text = f"{abs(value):,f}"
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0").ljust(least, "0")
    sign = MINUS if value < 0 else ""
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"
