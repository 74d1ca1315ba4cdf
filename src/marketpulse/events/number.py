"""What a number of the contract may be: a plain decimal with at most six decimals that the tables can hold exactly.

Prices fit numeric(18, 6), sizes and volumes numeric(24, 6). Nothing is rounded here: what does not fit is refused.
"""

import re
from decimal import Decimal

from marketpulse.errors import RecordError

DECIMALS = 6
PRICE_DIGITS = 12
SIZE_DIGITS = 18

PRICE_PATTERN = rf"^(0|[1-9][0-9]{{0,{PRICE_DIGITS - 1}}})(\.[0-9]{{1,{DECIMALS}}})?$"
SIZE_PATTERN = rf"^(0|[1-9][0-9]{{0,{SIZE_DIGITS - 1}}})(\.[0-9]{{1,{DECIMALS}}})?$"
SIGNED_PATTERN = rf"^-?(0|[1-9][0-9]{{0,{PRICE_DIGITS - 1}}})(\.[0-9]{{1,{DECIMALS}}})?$"

_PRICE_LIMIT = Decimal(10) ** PRICE_DIGITS
_SIZE_LIMIT = Decimal(10) ** SIZE_DIGITS
_TEXTS = {
    pattern: re.compile(pattern.removesuffix("$") + r"\Z") for pattern in (PRICE_PATTERN, SIZE_PATTERN, SIGNED_PATTERN)
}


def check_text(name: str, text: object, pattern: str) -> None:
    """Raise RecordError unless `text` is a decimal string of the pattern."""
    if not isinstance(text, str):
        raise RecordError("number", f"{name} is {type(text).__name__}, a decimal string is wanted")
    if _TEXTS[pattern].match(text) is None:
        raise RecordError("number", f"{name} is {text[:40]!r}, not a plain decimal within its range and six decimals")


def price_number(name: str, value: object) -> Decimal:
    """A price above zero from a parsed JSON number (int or Decimal). Raises RecordError for anything else."""
    number = _plain(name, value, _PRICE_LIMIT)
    if not number:
        raise RecordError("number", f"{name} is 0, a price is above zero")
    return number


def size_number(name: str, value: object) -> Decimal:
    """A size or volume, zero or more, from a parsed JSON number. Raises RecordError for anything else."""
    return _plain(name, value, _SIZE_LIMIT)


def quote_number(name: str, value: object) -> Decimal:
    """A bid or ask, zero or more (zero: nobody quotes), from a parsed JSON number. Raises RecordError otherwise."""
    return _plain(name, value, _PRICE_LIMIT)


def _plain(name: str, value: object, limit: Decimal) -> Decimal:
    if type(value) is int:
        number = Decimal(value)
    elif type(value) is Decimal and value.is_finite():
        number = value
    else:
        raise RecordError("number", f"{name} is {str(value)[:40]!r} ({type(value).__name__}), a number is wanted")
    if number.is_signed() and number:
        raise RecordError("number", f"{name} is negative: {str(value)[:40]}")
    if number >= limit:
        raise RecordError("number", f"{name} is too large: {str(value)[:40]}")
    exponent = number.as_tuple().exponent
    if type(exponent) is int and -DECIMALS <= exponent <= 0 and not number.is_signed():
        return number
    # Written with an exponent, with trailing zeros past the sixth decimal, or as -0: the same number in plain form.
    text = format(abs(number), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if len(text.partition(".")[2]) > DECIMALS:
        raise RecordError("number", f"{name} has more than six decimals: {str(value)[:40]}")
    return Decimal(text)
