"""Dead letters of the producer: what they keep of a body, and that they always fit."""

import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketpulse.errors import OperatorError
from marketpulse.events.codec import decode_dead_letter, encode_dead_letter
from marketpulse.events.event import DeadLetter
from marketpulse.ingest.dead_letters import BODY_LIMIT, DeadLetterOffice
from marketpulse.ingest.publisher import value_bytes
from marketpulse.ingest.redaction import Redactor
from marketpulse.providers.provider import Rejected, Request
from marketpulse.settings import Settings, load_settings

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
SMALLEST = 8192
# As many and as long symbols as a batch has.
REQUEST = Request("trades", "/v2/stocks/trades", (("symbols", ",".join(f"ABCDE.{n:02}" for n in range(100))),))


def letter(body: str, *, limit: int = SMALLEST, detail: str = "price is null") -> DeadLetter:
    office = DeadLetterOffice("alpaca", "sip", Redactor(("the-key",)), letter_bytes=value_bytes(limit))
    return office.letter(Rejected("number", detail, body, "AAPL"), REQUEST, requested_at=NOW, received_at=NOW)


def test_a_body_that_fits_is_kept_whole() -> None:
    found = letter('{"p":null}')
    assert (found.body, found.detail) == ('{"p":null}', "price is null")


def test_a_body_that_does_not_fit_is_cut_and_says_what_it_was() -> None:
    body = '{"p":null,"note":"' + "x" * 50_000 + '"}'
    found = letter(body)
    assert body.startswith(found.body)
    assert found.body
    digest = hashlib.sha256(body.encode()).hexdigest()
    assert found.detail == f"price is null (the first {len(found.body)} of {len(body)} characters, sha256 {digest})"
    assert found.dead_letter_id == letter(body, limit=1_048_576).dead_letter_id
    assert len(letter("x" * (BODY_LIMIT + 1), limit=1_048_576).body) == BODY_LIMIT


@given(st.text(max_size=20_000), st.text(max_size=600), st.integers(1, 50))
def test_every_letter_fits_the_smallest_topic(body: str, detail: str, times: int) -> None:
    found = letter(body * times, detail=detail)
    encoded = encode_dead_letter(found)
    assert len(encoded) <= value_bytes(SMALLEST)
    assert decode_dead_letter(encoded) == found


def test_a_topic_too_small_for_letters_is_refused() -> None:
    assert Settings(kafka_max_message_bytes=SMALLEST)
    with pytest.raises(OperatorError, match="MARKETPULSE_KAFKA_MAX_MESSAGE_BYTES"):
        load_settings(kafka_max_message_bytes=SMALLEST - 1)
