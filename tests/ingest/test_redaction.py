"""No key leaves: not in text, not in a log record, not in a traceback."""

import io
import logging

import pytest

from marketpulse.ingest.redaction import RedactingFilter, Redactor

KEY = "k3y/with+signs="


@pytest.mark.parametrize(
    "text",
    [
        f"We have detected your API key as {KEY} and our standard API rate limit is 25 requests per day.",
        "GET /query?symbol=IBM&apikey=k3y%2Fwith%2Bsigns%3D HTTP/1.1",
        "GET /query?apiKey=somebody-elses&symbol=IBM",
        "wss://host?token=somebody-elses",
        '{"APCA-API-SECRET-KEY": "somebody-elses"}',
        "x-rapidapi-key: somebody-elses",
    ],
)
def test_keys_are_masked(text: str) -> None:
    masked = Redactor((KEY,))(text)
    assert KEY not in masked
    assert "k3y%2F" not in masked
    assert "somebody-elses" not in masked
    assert "***" in masked


def test_ordinary_text_stays() -> None:
    text = "/v2/stocks/trades?symbols=AAPL&page_token=QUFQTA=="
    assert Redactor((KEY, ""))(text) == text


def test_log_records_and_tracebacks_are_masked() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter(Redactor((KEY,))))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    logger.warning("asked with %s", KEY)
    try:
        raise ValueError(f"bad address ?apikey={KEY}")
    except ValueError:
        logger.exception("failed")
    written = stream.getvalue()
    assert KEY not in written
    assert "ValueError" in written
