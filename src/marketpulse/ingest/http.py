"""One GET over HTTP, with a deadline for the whole of it, a cap on its body, and no redirects.

The request runs in a thread of its own, so that a server that drips its headers or its body one byte at a time cannot
hold the producer beyond the deadline, and a stop is noticed while a request is under way.
"""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Protocol

import requests
import urllib3
from requests.adapters import HTTPAdapter

from marketpulse.errors import RetriableError
from marketpulse.ingest.redaction import Redactor
from marketpulse.providers.provider import Outcome, Request, Response

CONNECT_TIMEOUT_S = 3.05
READ_TIMEOUT_S = 10.0
# A page of 10,000 trades has about 1.3 MB; nothing that we ask for is near this.
BODY_CAP_BYTES = 32 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_WAIT_SLICE_S = 0.2


class TransportError(RetriableError):
    """No usable answer came: `outcome` is TRANSIENT (try again) or MALFORMED (too long, cut short)."""

    def __init__(self, outcome: Outcome, text: str) -> None:
        super().__init__(text)
        self.outcome = outcome


class Transport(Protocol):
    """Sends one request and returns the answer, whatever its status. Raises TransportError when none came."""

    def get(self, request: Request) -> Response: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Job:
    request: Request
    answer: "queue.SimpleQueue[Response | TransportError]"


class HttpTransport:
    """A provider's HTTP face. One request at a time; call it from one thread.

    `beat` is called several times a second while an answer is awaited and may raise to abandon the request.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        *,
        deadline_s: float,
        redact: Redactor,
        beat: Callable[[], None] = lambda: None,
        body_cap_bytes: int = BODY_CAP_BYTES,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = dict(headers)
        self._deadline_s = deadline_s
        self._redact = redact
        self._beat = beat
        self._body_cap_bytes = body_cap_bytes
        self._jobs: queue.SimpleQueue[_Job | None] | None = None

    def get(self, request: Request) -> Response:
        if self._jobs is None:
            self._jobs = queue.SimpleQueue()
            threading.Thread(target=self._serve, args=(self._jobs,), name="http", daemon=True).start()
        job = _Job(request, queue.SimpleQueue())
        self._jobs.put(job)
        end_s = time.monotonic() + self._deadline_s
        try:
            while (left_s := end_s - time.monotonic()) > 0:
                try:
                    answer = job.answer.get(timeout=min(left_s, _WAIT_SLICE_S))
                except queue.Empty:
                    self._beat()
                    continue
                if isinstance(answer, TransportError):
                    raise answer
                return answer
        except BaseException as error:
            if not isinstance(error, TransportError):
                self.close()
            raise
        # The thread may hang in a read for a while yet; it and its connection are left to themselves.
        self.close()
        raise TransportError(Outcome.TRANSIENT, f"no complete answer within {self._deadline_s:g} s")

    def close(self) -> None:
        """Lets the worker end; the next `get` starts with a new connection."""
        if self._jobs is not None:
            self._jobs.put(None)
            self._jobs = None

    def _serve(self, jobs: "queue.SimpleQueue[_Job | None]") -> None:
        with requests.Session() as session:
            session.headers.update(
                {"Accept": "application/json", "User-Agent": f"marketpulse/{version('marketpulse')}"}
            )
            session.headers.update(self._headers)
            # A proxy of the environment may tunnel TLS; it never gets to see a plain request with its key.
            session.trust_env = self._base_url.startswith("https://")
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter(max_retries=0))
            while (job := jobs.get()) is not None:
                job.answer.put(self._ask(session, job.request))

    def _ask(self, session: requests.Session, request: Request) -> Response | TransportError:
        requested_at = datetime.now(UTC)
        end_s = time.monotonic() + self._deadline_s
        try:
            with session.get(
                self._base_url + request.path,
                params=list(request.params),
                timeout=(CONNECT_TIMEOUT_S, min(READ_TIMEOUT_S, self._deadline_s)),
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = self._body(answer, end_s)
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Response(answer.status_code, headers, body, requested_at, datetime.now(UTC))
        except TransportError as error:
            return error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            return TransportError(Outcome.TRANSIENT, self._redact(_reason(error)))

    def _body(self, answer: requests.Response, end_s: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        # read1 returns what has arrived; read would wait for a full chunk and miss the deadline.
        while chunk := answer.raw.read1(_CHUNK_BYTES, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._body_cap_bytes:
                raise TransportError(Outcome.MALFORMED, f"the answer is longer than {self._body_cap_bytes} bytes")
            if time.monotonic() > end_s:
                raise TransportError(Outcome.TRANSIENT, f"no complete answer within {self._deadline_s:g} s")
        announced = answer.headers.get("Content-Length", "")
        if announced.isdigit() and answer.raw.tell() < int(announced):
            raise TransportError(Outcome.TRANSIENT, f"the answer ended after {answer.raw.tell()} of {announced} bytes")
        return b"".join(chunks)


def _reason(error: Exception) -> str:
    """A short reason without the address of the request, which some providers put their key into."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "connecting timed out"
    if isinstance(error, requests.exceptions.Timeout):
        return "the answer timed out"
    if isinstance(error, requests.exceptions.SSLError):
        return "the TLS handshake failed"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "the connection was refused or reset"
    return f"the answer broke off ({type(error).__name__})"
