"""The simulator's control API as the demo calls it: outages, refusals and foreign servers are one line each."""

from datetime import UTC, date, datetime

import pytest
from tests.database import free_port
from tests.local.json_server import serving

from marketpulse.demo.market_control import MarketControl
from marketpulse.errors import OperatorError, RetriableError


@pytest.mark.parametrize("body", ["<html>\n</html>", "[]", "{}"])
def test_somebody_elses_server_is_told_in_one_line(body: str) -> None:
    with serving({}, otherwise=(200, body)) as server:
        control = MarketControl(server.url)
        with pytest.raises(RetriableError, match=server.url) as first:
            control.market_at()
        with pytest.raises(RetriableError, match=server.url) as second:
            control.total_trades(date(2026, 11, 20), "sip")
        assert "\n" not in f"{first.value}{second.value}"


@pytest.mark.parametrize(("status", "kind"), [(400, OperatorError), (500, RetriableError)])
def test_a_refusal_needs_a_person_and_a_failure_is_worth_another_try(status: int, kind: type[Exception]) -> None:
    with serving({}, otherwise=(status, '{"error":\n"no"}')) as server, pytest.raises(kind, match="/clock"):
        MarketControl(server.url).hold(datetime(2026, 11, 20, tzinfo=UTC))


def test_one_that_is_away_is_worth_another_try() -> None:
    with pytest.raises(RetriableError, match="does not answer"):
        MarketControl(f"http://127.0.0.1:{free_port()}").go_live()
