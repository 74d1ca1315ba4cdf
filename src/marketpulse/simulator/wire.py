"""How numbers and times look on the wire: exact decimals from scaled integers, RFC 3339 with trimmed fractions."""

from functools import lru_cache

from marketpulse.events.timestamps import NS_PER_SECOND, ns_datetime


@lru_cache(maxsize=65_536)
def decimal_text(value: int, digits: int) -> str:
    """`value` / 10**digits without a float and without trailing zeros: 174, 161.2958."""
    whole, fraction = divmod(value, 10**digits)
    return f"{whole}.{fraction:0{digits}d}".rstrip("0") if fraction else str(whole)


def ratio_text(numerator: int, denominator: int, digits: int) -> str:
    """The quotient of two integers, rounded half up to `digits` decimals."""
    scaled = (2 * numerator * 10**digits + denominator) // (2 * denominator)
    return decimal_text(scaled, digits)


@lru_cache(maxsize=100_000)
def _second_text(second: int) -> str:
    return ns_datetime(second * NS_PER_SECOND).strftime("%Y-%m-%dT%H:%M:%S")


def time_text(ns: int) -> str:
    """RFC 3339 UTC with as many fractional digits as it needs, none for a whole second."""
    second, fraction = divmod(ns, NS_PER_SECOND)
    if not fraction:
        return _second_text(second) + "Z"
    return _second_text(second) + f".{fraction:09d}".rstrip("0") + "Z"


@lru_cache(maxsize=4096)
def conditions_text(conditions: tuple[str, ...]) -> str:
    """A JSON list of condition codes; codes come from the simulator's own tables or a checked file."""
    return "[" + ",".join(f'"{code}"' for code in conditions) + "]"
