"""What an answer of Alpaca means, from its status, headers and body."""

import re
from typing import Any

import msgspec

from marketpulse.errors import RecordError
from marketpulse.providers.provider import Classified, Outcome, Response, Window
from marketpulse.providers.waiting import header, wait_s
from marketpulse.providers.wire import read_json

# Longer than this is no short throttle: the key has used up its plan.
_LONGEST_THROTTLE_S = 900.0
_MINUTE_S = 60.0
# An answer without data is a few names and brackets; anything longer holds records.
_LARGEST_EMPTY = 16_384
_LONGEST_MESSAGE = 200
_TRANSIENT = frozenset({408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_NOTICE = frozenset({"message", "code"})
_INVALID_SYMBOL = re.compile(r"invalid symbol:\s*(\S+)", re.IGNORECASE)


def classify(response: Response) -> Classified:
    """Never raises: an answer that fits nothing is MALFORMED, BAD_REQUEST or TRANSIENT by its status."""
    outcome, bad_symbol = Outcome.OK, None
    wait = wait_s(response.headers) if response.status in {429, 503} else None
    message = "" if response.status == 200 else _message(response.body)
    match response.status:
        case 200:
            outcome, message = _success(response.body)
        case 400:
            match = _INVALID_SYMBOL.search(message)
            outcome = Outcome.BAD_SYMBOL if match else Outcome.BAD_REQUEST
            bad_symbol = match[1].strip("\"'.,") if match else None
        case 401:
            outcome = Outcome.AUTH
        case 403:
            # Refused keys get `forbidden.`; a good key that asks beyond its plan reads about its subscription.
            outcome = Outcome.NOT_ENTITLED if "subscription" in message.lower() else Outcome.AUTH
        case 429:
            short = wait is None or wait <= _LONGEST_THROTTLE_S
            outcome = Outcome.THROTTLED_SHORT if short else Outcome.QUOTA_EXHAUSTED
        case status if status in _TRANSIENT or status >= 500:
            outcome = Outcome.TRANSIENT
        case status if status >= 400:
            outcome = Outcome.BAD_REQUEST
        case status:
            # Redirects are never followed: they lead to a page, or would carry the key to another host.
            outcome, message = Outcome.MALFORMED, f"unexpected status {status}"
    return Classified(outcome, message, wait, bad_symbol, _stated_limit(response))


def _success(body: bytes) -> tuple[Outcome, str]:
    try:
        # Fast and strict; the slow reader decides about what it refuses, because one NaN must not cost a page.
        msgspec.json.decode(body, type=msgspec.Raw)
        if len(body) > _LARGEST_EMPTY:
            return (Outcome.OK, "") if body.lstrip()[:1] == b"{" else (Outcome.MALFORMED, "no JSON object")
        value = read_json(body)
    except (msgspec.DecodeError, RecursionError):
        try:
            value = read_json(body)
        except RecordError as error:
            return Outcome.MALFORMED, error.detail
    except RecordError as error:
        return Outcome.MALFORMED, error.detail
    if not isinstance(value, dict):
        return Outcome.MALFORMED, "no JSON object"
    if is_notice(value):
        return Outcome.TRANSIENT, _message(body)
    return (Outcome.OK if _holds_something(value) else Outcome.EMPTY), ""


def is_notice(body: dict[str, Any]) -> bool:
    """Whether the provider speaks of itself, as its errors do; with status 200 that is trouble at its side and no data.

    Symbols are in upper case, so no snapshot is taken for one.
    """
    return not _NOTICE.isdisjoint(body)


def _holds_something(value: dict[str, Any]) -> bool:
    """Whether there is a record or another page; `{"trades": {"AAPL": []}, "next_page_token": null}` has neither."""
    for name, member in value.items():
        if name == "next_page_token" or not isinstance(member, dict):
            if member:
                return True
        elif any(member.values()):
            return True
    return False


def _message(body: bytes) -> str:
    """The provider's own words, shortened: `message` of a JSON object, else the beginning of the text."""
    try:
        value = read_json(body)
    except RecordError:
        value = None
    if isinstance(value, dict) and isinstance(value.get("message"), str):
        text: str = value["message"]
    else:
        text = body[: 4 * _LONGEST_MESSAGE].decode("utf-8", "replace")
    return " ".join(text.split())[:_LONGEST_MESSAGE]


def _stated_limit(response: Response) -> Window | None:
    limit = header(response.headers, "X-Ratelimit-Limit")
    if limit is None or not (limit.isascii() and limit.isdigit() and len(limit) <= 9) or not int(limit):
        return None
    return Window(calls=int(limit), seconds=_MINUTE_S)
