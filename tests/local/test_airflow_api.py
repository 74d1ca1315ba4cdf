"""Airflow's REST API: a run is started once, and somebody else's server at its address is said in one line."""

from collections.abc import Callable

import pytest
from tests.local.json_server import serving

from marketpulse.errors import MarketPulseError, OperatorError
from marketpulse.local.airflow_api import AirflowApi

LOGIN = {"POST /auth/token": (201, '{"access_token": "token"}')}
RUNS = "POST /api/v2/dags/market_producer/dagRuns"
PAGE = "<html>\n<body>\nWelcome\n</body>\n</html>"
QUESTIONS: list[Callable[[AirflowApi], object]] = [
    lambda api: api.health(),
    lambda api: api.dag_ids(),
    lambda api: api.unpause("market_stream"),
]


@pytest.mark.parametrize("ask", QUESTIONS)
@pytest.mark.parametrize("status", [200, 404, 502])
def test_somebody_elses_server_is_told_in_one_line(ask: Callable[[AirflowApi], object], status: int) -> None:
    with serving({}, otherwise=(status, PAGE)) as server:
        with pytest.raises(MarketPulseError) as refused:
            ask(AirflowApi(server.url, "admin", "p"))
        assert server.url in str(refused.value) or "Airflow" in str(refused.value)
        assert len(str(refused.value).splitlines()) == 1


def test_a_run_is_started_under_the_given_id_and_once() -> None:
    with serving(LOGIN | {RUNS: (200, '{"dag_run_id": "demo__1"}')}) as server:
        api = AirflowApi(server.url, "admin", "p")
        api.trigger("market_producer", {"feed": "sip"}, run_id="demo__1")
        assert server.bodies[-1] == {"conf": {"feed": "sip"}, "logical_date": None, "dag_run_id": "demo__1"}
        server.answers[RUNS] = (409, '{"detail": "it is there"}')
        api.trigger("market_producer", {"feed": "sip"}, run_id="demo__1")


def test_a_refusal_is_told_in_one_line() -> None:
    with serving(LOGIN | {RUNS: (422, '{\n"detail":\n"no such Param"\n}')}) as server:
        with pytest.raises(OperatorError, match="no such Param") as refused:
            AirflowApi(server.url, "admin", "p").trigger("market_producer", {}, run_id="demo__1")
        assert "\n" not in str(refused.value)
