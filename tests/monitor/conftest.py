"""A mail server, a webhook and a broker that the monitor's tests talk to over real sockets."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from pydantic import SecretStr
from tests.database import Database
from tests.mailbox import Mailbox, mailbox_server

from marketpulse.settings import DEAD_LETTER_TOPIC, EVENT_TOPIC, STATE_DIR_VARIABLE, Settings


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own."""
    monkeypatch.setenv(STATE_DIR_VARIABLE, str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A real SMTP server on a free port."""
    with mailbox_server() as mailbox:
        yield mailbox


@dataclass
class Webhook:
    """A real HTTP server that keeps what is posted to it and answers with `status`."""

    url: str
    status: int = 200
    posts: list[Any] = field(default_factory=list)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.url = f"json://127.0.0.1:{server.server_port}/hook?-token=hook-secret"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield hook
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass(frozen=True)
class Broker:
    """The broker inside librdkafka, which speaks Kafka's protocol on a real port."""

    bootstrap: str
    producer: Producer

    def send(self, topic: str, partition: int, *, count: int = 1, written_ms: int = 0) -> None:
        for _ in range(count):
            self.producer.produce(topic, b"{}", partition=partition, timestamp=written_ms)
        assert self.producer.flush(10) == 0


@pytest.fixture
def broker() -> Broker:
    """A broker with both topics, one record in the last partition of each."""
    producer = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    address = next(iter(producer.list_topics(timeout=5).brokers.values()))
    broker = Broker(f"{address.host}:{address.port}", producer)
    broker.send(EVENT_TOPIC, 3)
    broker.send(DEAD_LETTER_TOPIC, 3)
    return broker


@pytest.fixture
def alerting(database: Database, mailbox: Mailbox, webhook: Webhook) -> Settings:
    """Settings of an operator who wants mail and a webhook."""
    return Settings(
        operations_dsn=SecretStr(database.operations_dsn),
        alert_urls=(SecretStr(mailbox.url), SecretStr(webhook.url)),
    )
