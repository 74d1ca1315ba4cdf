"""The transport against a real socket that misbehaves in every way a provider can."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.database import free_port

from marketpulse.ingest.http import HttpTransport, TransportError
from marketpulse.ingest.redaction import Redactor
from marketpulse.providers.provider import Outcome, Request

REQUEST = Request("trades", "/v2/stocks/trades", (("symbols", "AAPL"), ("feed", "sip")))
Answer = Callable[[socket.socket], None]


@contextmanager
def served(answer: Answer) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers each connection once, and what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    asked.append(connection.recv(65536))
                    try:
                        answer(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/alpaca", asked
        finally:
            ended.set()
            thread.join()


def reply(body: bytes, *, status: str = "200 OK", headers: str = "", length: int | None = None) -> Answer:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body) if length is None else length}\r\n{headers}\r\n"
    return lambda connection: connection.sendall(head.encode() + body)


def transport(address: str, *, deadline_s: float = 5, cap: int = 1_000_000) -> HttpTransport:
    return HttpTransport(
        address, {"APCA-API-KEY-ID": "the-key"}, deadline_s=deadline_s, redact=Redactor(), body_cap_bytes=cap
    )


def refused(address: str, *, deadline_s: float = 5, cap: int = 1_000_000) -> TransportError:
    client = transport(address, deadline_s=deadline_s, cap=cap)
    with pytest.raises(TransportError) as caught:
        client.get(REQUEST)
    client.close()
    return caught.value


def test_answer_comes_as_it_is_with_the_key_in_a_header_only() -> None:
    with served(reply(b'{"trades":{}}', headers="X-RateLimit-Limit: 200\r\n")) as (address, asked):
        client = transport(address)
        response = client.get(REQUEST)
        client.close()
    assert (response.status, response.body) == (200, b'{"trades":{}}')
    assert response.headers["x-ratelimit-limit"] == "200"
    assert response.requested_at <= response.received_at
    assert asked[0].startswith(b"GET /alpaca/v2/stocks/trades?symbols=AAPL&feed=sip HTTP/1.1\r\n")
    assert b"the-key" in asked[0]
    assert b"User-Agent: marketpulse/" in asked[0]


def test_redirect_is_not_followed() -> None:
    with served(reply(b"", status="302 Found", headers="Location: http://127.0.0.1:1/\r\n")) as (address, asked):
        client = transport(address)
        assert client.get(REQUEST).status == 302
        client.close()
    assert len(asked) == 1


def test_compressed_body_is_unpacked_and_capped_after_that() -> None:
    bomb = gzip.compress(b"0" * 5_000_000)
    with served(reply(bomb, headers="Content-Encoding: gzip\r\n")) as (address, _):
        assert refused(address).outcome is Outcome.MALFORMED
    with served(reply(gzip.compress(b"{}"), headers="Content-Encoding: gzip\r\n")) as (address, _):
        client = transport(address)
        assert client.get(REQUEST).body == b"{}"
        client.close()


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.05)


def drip_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(100):
        connection.sendall(f"X-{number}: 1\r\n".encode())
        time.sleep(0.05)


@pytest.mark.parametrize("answer", [drip, drip_headers, lambda connection: time.sleep(2)])
def test_deadline_holds_for_the_whole_answer(answer: Answer) -> None:
    with served(answer) as (address, _):
        started_s = time.monotonic()
        error = refused(address, deadline_s=0.5)
        assert time.monotonic() - started_s < 1.5
    assert error.outcome is Outcome.TRANSIENT


@pytest.mark.parametrize(
    "answer",
    [
        reply(b'{"trades"', length=1000),
        lambda connection: None,
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nshort"),
        reply(b"not gzip", headers="Content-Encoding: gzip\r\n"),
    ],
)
def test_broken_answer_is_transient(answer: Answer) -> None:
    with served(answer) as (address, _):
        assert refused(address).outcome is Outcome.TRANSIENT


def test_nobody_there_is_transient_and_names_no_address() -> None:
    error = refused(f"http://127.0.0.1:{free_port()}?apikey=the-key")
    assert error.outcome is Outcome.TRANSIENT
    assert "the-key" not in str(error)


def test_waiting_is_noticed_and_can_be_abandoned() -> None:
    class AbandonedError(Exception):
        pass

    def beat() -> None:
        raise AbandonedError

    with served(lambda connection: time.sleep(1)) as (address, _):
        client = HttpTransport(address, {}, deadline_s=5, redact=Redactor(), beat=beat)
        started_s = time.monotonic()
        with pytest.raises(AbandonedError):
            client.get(REQUEST)
        assert time.monotonic() - started_s < 1


def test_after_a_deadline_the_next_request_has_a_fresh_connection() -> None:
    answers = [lambda connection: time.sleep(1), reply(b"{}")]
    with served(lambda connection: answers.pop(0)(connection)) as (address, _):
        client = transport(address, deadline_s=0.3)
        with pytest.raises(TransportError):
            client.get(REQUEST)
        time.sleep(1)
        assert client.get(REQUEST).body == b"{}"
        client.close()
