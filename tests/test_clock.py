"""The market clock of a simulator on this machine is asked directly, whatever proxy the environment names."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.database import free_port

from marketpulse.clock import direct_session, market_clock
from marketpulse.demo.market_control import MarketControl
from marketpulse.simulator.app import running
from marketpulse.simulator.simulation import Simulation
from marketpulse.warehouse.truth import fetch_truth

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture
def _proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_proxy")
def test_a_proxy_does_not_stand_between_a_stack_and_its_market() -> None:
    with running(Simulation(seed=7)) as addresses:
        control = MarketControl(addresses.control)
        market_at = datetime(2026, 11, 20, 15, tzinfo=UTC)
        control.hold(market_at)
        assert control.market_at() == market_at
        assert market_clock(addresses.control).now() == market_at
        truth = fetch_truth(addresses.control, market_at.date(), "tape", "XNYS")
        assert truth is not None
        assert truth.market_at - market_at < timedelta(seconds=1)


def test_another_machine_is_asked_through_the_proxy_that_leads_to_it() -> None:
    assert direct_session("http://simulator:8091").trust_env
    assert not direct_session("http://localhost:8091").trust_env
