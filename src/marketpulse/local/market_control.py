"""The simulator's control API, as the demo uses it: set the market clock, load a tape, ask for the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import requests

from marketpulse.errors import OperatorError, RetriableError

TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class LoadedTape:
    """A file that the simulator plays: its symbol, its day, how many trades it holds."""

    symbol: str
    trading_date: date
    trades: int


class MarketControl:
    """Calls the control API at `url`. Raises RetriableError when it does not answer, OperatorError when it refuses."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._http = requests.Session()

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
        return datetime.fromisoformat(str(self._call("GET", "/clock")["market_at"])).astimezone(UTC)

    def load_tape(self, path: Path, *, symbol: str, timezone: str) -> LoadedTape:
        body = {"path": str(path.absolute()), "symbol": symbol, "timezone": timezone}
        answer = self._call("POST", "/tape", body)
        return LoadedTape(
            str(answer["symbol"]), date.fromisoformat(str(answer["trading_date"])), int(str(answer["trades"]))
        )

    def total_trades(self, trading_date: date, feed: str) -> int:
        """How many trades are visible at the present market time, cancelled ones included."""
        answer = self._call("GET", f"/truth?trading_date={trading_date.isoformat()}&feed={feed}")
        return int(str(answer["total_trades"]))

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
        try:
            answer = self._http.request(method, self._url + path, json=body, timeout=TIMEOUT_S)
        except requests.RequestException:
            raise RetriableError(
                f"the simulator at {self._url} does not answer: see 'marketpulse logs simulator'"
            ) from None
        if answer.status_code >= 400:
            raise OperatorError(f"the simulator refused {path}: {answer.text.strip()[:300]}")
        document = answer.json()
        if not isinstance(document, dict):
            raise RetriableError(f"the simulator answered {path} with something unreadable")
        return document
