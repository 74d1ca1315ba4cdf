"""Keys never reach a log, an exception's text or a table: everything that leaves passes through here."""

import logging
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "***"

# Names under which providers take a key in an address or a header; `page_token` is not one.
_NAMED = re.compile(
    r"(?i)(?<![a-z_])(apikey|api_key|token|access_key|apca-api-key-id|apca-api-secret-key|x-rapidapi-key|x-finnhub-token)"
    r"(=|\"?: ?\"?)([^&\s\"',}]+)"
)


class Redactor:
    """Replaces the given secrets (also in URL-encoded form) and everything that is named like a key."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # A secret shorter than this is a placeholder; masking it would garble ordinary text.
        forms = {form for secret in secrets if len(secret) >= 4 for form in (secret, quote(secret), quote_plus(secret))}
        self._secrets = re.compile(
            "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)) or r"(?!)"
        )

    def __call__(self, text: str) -> str:
        return _NAMED.sub(rf"\1\2{MASK}", self._secrets.sub(MASK, text))


class RedactingFilter(logging.Filter):
    """Masks keys in the finished text of every record that passes a handler."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = self._redact(record.getMessage())
        record.args = None
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = self._redact(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True


def redact_logs(redact: Redactor) -> None:
    """Attaches the filter to every handler of the root logger."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(RedactingFilter(redact))
