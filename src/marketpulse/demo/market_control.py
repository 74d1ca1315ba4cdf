"""The simulator's control API, as the demo uses it: set the market clock, load a tape, ask for the truth."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import requests

from marketpulse.clock import direct_session
from marketpulse.errors import OperatorError, RetriableError
from marketpulse.simulator.tape import TapeSource

TIMEOUT_S = 30.0


class MarketControl:
    """Calls the control API at `url`. Raises RetriableError when it does not answer, OperatorError when it refuses."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._http = direct_session(url)

    def hold(self, market_at: datetime) -> None:
        """Stop the clock at a market time."""
        self._call("POST", "/clock", {"mode": "step", "market_at": market_at.isoformat()})

    def play(self, market_at: datetime, *, speed: float) -> None:
        """Let the clock run from a market time, `speed` market seconds a second."""
        self._call("POST", "/clock", {"mode": "fast", "market_at": market_at.isoformat(), "speed": speed})

    def go_live(self) -> None:
        """The market's time is this machine's time."""
        self._call("POST", "/clock", {"mode": "real"})

    def market_at(self) -> datetime:
        return datetime.fromisoformat(self._field("GET", "/clock", "market_at")).astimezone(UTC)

    def load_tape(self, tape: TapeSource) -> None:
        """Let the simulator play a file."""
        self._call("POST", "/tape", {"path": tape.path, "symbol": tape.symbol, "timezone": tape.timezone})

    def total_trades(self, trading_date: date, feed: str) -> int:
        """How many trades are visible at the present market time, cancelled ones included."""
        return int(self._field("GET", f"/truth?trading_date={trading_date.isoformat()}&feed={feed}", "total_trades"))

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
        try:
            answer = self._http.request(method, self._url + path, json=body, timeout=TIMEOUT_S)
        except requests.RequestException:
            raise RetriableError(
                f"the simulator at {self._url} does not answer: see 'marketpulse logs simulator'"
            ) from None
        if answer.status_code >= 500:
            raise RetriableError(f"the simulator at {self._url} answered {path} with {answer.status_code}")
        if answer.status_code >= 400:
            raise OperatorError(f"the simulator refused {path}: {' '.join(answer.text.split())[:300]}")
        try:
            document = answer.json()
        except requests.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            raise RetriableError(f"what answers at {self._url} is no simulator: is its port taken by another program?")
        return document

    def _field(self, method: str, path: str, name: str) -> str:
        document = self._call(method, path)
        if name not in document:
            raise RetriableError(f"the simulator at {self._url} answered {path} without {name}")
        return str(document[name])
