"""Dead letters of the producer: what a provider sent and no event can represent, redacted and bounded."""

from datetime import datetime

from marketpulse.events.event import DeadLetter
from marketpulse.events.identity import dead_letter_id
from marketpulse.ingest.redaction import Redactor
from marketpulse.providers.provider import Endpoint, Rejected, Request

# Enough to see what is wrong, and far below the topic's limit.
BODY_LIMIT = 65_536


class DeadLetterOffice:
    """Writes the letters of one provider and feed."""

    def __init__(self, provider: str, feed: str, redact: Redactor) -> None:
        self._provider = provider
        self._feed = feed
        self._redact = redact

    def letter(
        self, rejected: Rejected, request: Request, *, requested_at: datetime, received_at: datetime
    ) -> DeadLetter:
        """The letter for a rejected record. The same record of the same endpoint has the same id at every poll."""
        endpoint = self.endpoint(request.endpoint)
        body = self.clean(rejected.body)[:BODY_LIMIT]
        return DeadLetter(
            schema_version=1,
            dead_letter_id=dead_letter_id(self._provider, endpoint, self._feed, body),
            reason=rejected.reason,
            detail=self.clean(rejected.detail)[:500],
            provider=self._provider,
            endpoint=endpoint,
            feed=self._feed,
            request=self.clean(request.text()),
            body=body,
            requested_at=requested_at,
            received_at=received_at,
            symbol=rejected.symbol,
        )

    def endpoint(self, endpoint: Endpoint) -> str:
        """The logical name under which events and dead letters carry their endpoint."""
        return f"{self._provider}.{endpoint}"

    def clean(self, text: str) -> str:
        """Without keys, and without what UTF-8 or Postgres cannot hold: NUL, halves of surrogate pairs."""
        kept = self._redact(text).replace("\0", "\ufffd")
        return kept.encode("utf-8", "replace").decode("utf-8")
