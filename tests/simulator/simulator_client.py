"""What the tests of the simulator ask it with: plain HTTP, answers as decoded JSON."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import requests

from marketpulse.events.timestamps import ns_datetime, rfc3339_ns
from marketpulse.simulator.app import Addresses

SYMBOLS = ("AAPL", "AMZN", "BRK.B", "GOOGL", "MSFT", "NVDA", "SPY", "TSLA", "ZHLT", "ZSUB", "ZTHN")
DAY = "2026-11-20"
DAY_START, DAY_END, AFTER_DAY = f"{DAY}T09:00:00Z", "2026-11-21T01:00:00Z", "2026-11-21T01:30:00Z"

Json = dict[str, Any]
Params = dict[str, str | int]


@dataclass
class SimulatorClient:
    """One client with a premium key unless told otherwise."""

    addresses: Addresses
    key: str = "premium-test"
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, endpoint: str, **params: str | int) -> requests.Response:
        headers = {"APCA-API-KEY-ID": self.key, "APCA-API-SECRET-KEY": "s"} if self.key else {}
        return self.session.get(
            f"{self.addresses.public}/alpaca/v2/stocks/{endpoint}", params=params, headers=headers, timeout=30
        )

    def read(self, endpoint: str, **params: str | int) -> Json:
        answer = self.get(endpoint, **params)
        assert answer.status_code == 200, answer.text
        return decoded(answer.content)

    def pages(self, **params: str | int) -> list[Json]:
        """All pages of trades."""
        pages = [self.read("trades", **params)]
        while token := pages[-1]["next_page_token"]:
            assert len(pages) < 1000
            pages.append(self.read("trades", **params, page_token=token))
        return pages

    def records(self, **params: str | int) -> dict[str, list[Json]]:
        """The trades of all pages by symbol."""
        found: dict[str, list[Json]] = {}
        for page in self.pages(**params):
            for symbol, records in page["trades"].items():
                found.setdefault(symbol, []).extend(records)
        return found

    def control(self, method: str, path: str, body: object = None, **params: str) -> requests.Response:
        return self.session.request(method, self.addresses.control + path, json=body, params=params, timeout=30)

    def stand(self, market_at: str) -> None:
        answer = self.control("POST", "/clock", {"mode": "step", "market_at": market_at})
        assert answer.status_code == 200, answer.text

    def stand_at(self, event_at: str) -> None:
        """The clock at the first microsecond that is not before a trade's time."""
        self.stand(ns_datetime(rfc3339_ns(event_at) + 999).isoformat())

    def truth(self, trading_date: str = DAY, feed: str = "sip") -> Json:
        answer = self.control("GET", "/truth", trading_date=trading_date, feed=feed)
        assert answer.status_code == 200, answer.text
        return decoded(answer.content)


def decoded(body: bytes) -> Json:
    """JSON with exact numbers."""
    value: Json = json.loads(body, parse_float=Decimal, parse_int=Decimal)
    return value
