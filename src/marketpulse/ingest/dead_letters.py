"""Dead letters of the producer: what a provider sent and no event can represent, redacted and bounded."""

import hashlib
from datetime import datetime

from msgspec.structs import replace

from marketpulse.events.codec import encode_dead_letter
from marketpulse.events.event import DeadLetter
from marketpulse.events.identity import dead_letter_id
from marketpulse.ingest.redaction import Redactor
from marketpulse.providers.provider import Endpoint, Rejected, Request

# Enough to see what is wrong.
BODY_LIMIT = 65_536
_DETAIL_LIMIT = 500
_REQUEST_LIMIT = 2_000
# What the publisher adds when it numbers the letter.
_NUMBER_BYTES = 256


class DeadLetterOffice:
    """Writes the letters of one provider and feed, none longer than `letter_bytes` once it is encoded."""

    def __init__(self, provider: str, feed: str, redact: Redactor, *, letter_bytes: int) -> None:
        self._provider = provider
        self._feed = feed
        self._redact = redact
        self._letter_bytes = letter_bytes - _NUMBER_BYTES

    def letter(
        self, rejected: Rejected, request: Request, *, requested_at: datetime, received_at: datetime
    ) -> DeadLetter:
        """The letter for a rejected record. The same record of the same endpoint has the same id at every poll."""
        endpoint = self.endpoint(request.endpoint)
        whole = self.clean(rejected.body)
        body = whole[:BODY_LIMIT]
        letter = DeadLetter(
            schema_version=1,
            dead_letter_id=dead_letter_id(self._provider, endpoint, self._feed, body),
            reason=rejected.reason,
            detail=self.clean(rejected.detail)[:_DETAIL_LIMIT],
            provider=self._provider,
            endpoint=endpoint,
            feed=self._feed,
            request=self.clean(request.text())[:_REQUEST_LIMIT],
            body=body,
            requested_at=requested_at,
            received_at=received_at,
            symbol=rejected.symbol,
        )
        return self._bounded(letter, whole)

    def endpoint(self, endpoint: Endpoint) -> str:
        """The logical name under which events and dead letters carry their endpoint."""
        return f"{self._provider}.{endpoint}"

    def clean(self, text: str) -> str:
        """Without keys, and without what UTF-8 or Postgres cannot hold: NUL, halves of surrogate pairs."""
        kept = self._redact(text).replace("\0", "\ufffd")
        return kept.encode("utf-8", "replace").decode("utf-8")

    def _bounded(self, letter: DeadLetter, whole: str) -> DeadLetter:
        """The letter with as much of the body as fits; one that is cut says how long the body was, and its hash."""
        kept = len(letter.body)
        while True:
            cut = letter if kept == len(whole) else _cut(letter, whole, kept)
            if not kept or len(encode_dead_letter(cut)) <= self._letter_bytes:
                return cut
            kept //= 2


def _cut(letter: DeadLetter, whole: str, kept: int) -> DeadLetter:
    digest = hashlib.sha256(whole.encode()).hexdigest()
    note = f" (the first {kept} of {len(whole)} characters, sha256 {digest})"
    return replace(letter, body=whole[:kept], detail=letter.detail[: _DETAIL_LIMIT - len(note)] + note)
