from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from marketpulse.events.event import Trade
from marketpulse.events.identity import trade_ids
from marketpulse.events.timestamps import format_ns


@pytest.fixture
def make_trade() -> Callable[..., Trade]:
    """Builds the trade of AAPL on IEX that the contract gives as its example; keyword arguments replace fields."""

    def build(**changes: Any) -> Trade:
        ns = changes.get("event_time_ns", 1647025723947998695)
        price, size = changes.get("price", Decimal("156.055")), changes.get("size", Decimal(100))
        entity_id, event_id = trade_ids(
            "alpaca",
            "iex",
            symbol="AAPL",
            exchange="V",
            trf="",
            trade_id="10593",
            event_time_ns=ns,
            price=price,
            size=size,
        )
        fields: dict[str, Any] = {
            "schema_version": 1,
            "entity_id": entity_id,
            "event_id": event_id,
            "action": "new",
            "provider": "alpaca",
            "endpoint": "alpaca.snapshots",
            "feed": "iex",
            "synthetic": False,
            "symbol": "AAPL",
            "provider_symbol": "AAPL",
            "session_part": "regular",
            "trading_date": date(2022, 3, 11),
            "event_at": format_ns(ns),
            "event_time_ns": ns,
            "event_time_precision": "ns",
            "event_time_basis": "trade",
            "requested_at": datetime(2022, 3, 11, 19, 9, 6, 201000, tzinfo=UTC),
            "received_at": datetime(2022, 3, 11, 19, 9, 6, 266000, tzinfo=UTC),
            "currency": "USD",
            "price": price,
            "size": size,
            "trade_id": "10593",
            "exchange": "V",
            "tape": "C",
            "conditions": ("@",),
        }
        return Trade(**(fields | changes))

    return build
