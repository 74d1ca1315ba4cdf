"""A small HTTP server that gives every request the answer a test wants, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class JsonServer(HTTPServer):
    """`answers` by method and path: a status and a body. Anything else gets `otherwise`."""

    def __init__(self, answers: dict[str, tuple[int, str]], otherwise: tuple[int, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.otherwise = otherwise
        self.bodies: list[Any] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: JsonServer

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._answer()

    def _answer(self) -> None:
        status, text = self.server.answers.get(f"{self.command} {self.path}", self.server.otherwise)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test's output is not a log."""


@contextmanager
def serving(answers: dict[str, tuple[int, str]], otherwise: tuple[int, str] = (404, "{}")) -> Iterator[JsonServer]:
    with JsonServer(answers, otherwise) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
