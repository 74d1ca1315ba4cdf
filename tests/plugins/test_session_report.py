"""The report task, its link, and who may see the pages."""

import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from airflow.sdk.exceptions import AirflowSkipException

import session_report
from marketpulse.report import file
from marketpulse.settings import load_settings
from marketpulse_plugin import MarketPulsePlugin
from session_report import HEADERS, URL_PREFIX, SessionReportLink, SessionReportOperator, application

# Airflow's web framework imports a test client, and that the library it would like better.
pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, date, Path]]:
    calls: list[tuple[str, date, Path]] = []

    def write_report(dsn: str, trading_date: date, path: Path) -> Path:
        calls.append((dsn, trading_date, path))
        return path

    monkeypatch.setattr(file, "write_report", write_report)
    return calls


def operator(days: Any) -> SessionReportOperator:
    return SessionReportOperator(task_id="report", days=days)


@pytest.mark.usefixtures("connections")
def test_each_day_that_was_computed_or_made_final_gets_one_report(
    written: list[tuple[str, date, Path]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MARKETPULSE_REPORT_DIR", str(tmp_path))
    operator([["2026-11-20", "2026-11-19"], ["2026-11-20"]]).execute({})
    assert [(day.isoformat(), path) for _, day, path in written] == [
        ("2026-11-19", tmp_path / "2026-11-19.html"),
        ("2026-11-20", tmp_path / "2026-11-20.html"),
    ]
    assert all("marketpulse_operations" in dsn for dsn, _, _ in written)


@pytest.mark.parametrize("returned", [[[], []], [None, None], [[], None]])
def test_nothing_new_is_a_skipped_task_and_no_link(returned: list[Any]) -> None:
    task = operator(returned)
    with pytest.raises(AirflowSkipException, match="no new report"):
        task.execute({})
    assert SessionReportLink().get_link(task, ti_key=None) == ""


def test_the_link_leads_to_the_newest_day_below_the_web_ui_s_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    link = SessionReportLink()
    task = operator([["2026-11-20", "2026-11-19"], None])
    assert link.get_link(task, ti_key=None) == f"{URL_PREFIX}/2026-11-20"
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://desk.example.com/airflow/")
    assert link.get_link(task, ti_key=None) == f"/airflow{URL_PREFIX}/2026-11-20"


def test_the_plugin_serves_the_pages_and_knows_the_link() -> None:
    assert [app["url_prefix"] for app in MarketPulsePlugin.fastapi_apps] == [URL_PREFIX]
    assert [link.name for link in MarketPulsePlugin.operator_extra_links] == ["Session report"]


class Pages:
    """The pages, asked as a browser would."""

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._get(path))

    async def _get(self, path: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=session_report.reports)
        async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as client:
            return await client.get(path)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Pages]:
    (tmp_path / "2026-11-20.html").write_text("<title>a report</title>", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("no report", encoding="utf-8")
    monkeypatch.setattr(session_report, "settings", lambda: load_settings(report_dir=str(tmp_path)))
    yield Pages()
    application().dependency_overrides.clear()


@pytest.fixture
def logged_in(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> Pages:
    from airflow.api_fastapi.core_api import security

    class Manager:
        def is_authorized_view(self, **_: Any) -> bool:
            return True

    monkeypatch.setattr(security, "get_auth_manager", Manager)
    application().dependency_overrides[security.get_user] = object
    return pages


@pytest.mark.parametrize("path", ["/2026-11-20", "/2026-11-21", "/docs", "/openapi.json"])
def test_without_a_login_there_is_nothing_to_see(pages: Pages, path: str) -> None:
    answer = pages.get(path)
    assert answer.status_code in (401, 404)
    assert "a report" not in answer.text


def test_a_report_asks_for_a_login(pages: Pages) -> None:
    assert pages.get("/2026-11-20").status_code == 401


def test_who_is_logged_in_sees_a_page_that_may_run_and_fetch_nothing(logged_in: Pages) -> None:
    answer = logged_in.get("/2026-11-20")
    assert answer.status_code == 200
    assert answer.text == "<title>a report</title>"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    ("path", "status"),
    [("/2026-11-21", 404), ("/secret.txt", 422), ("/..%2Fsecret.txt", 404), ("/", 404), ("/20261120.html", 422)],
)
def test_only_reports_by_their_date_are_pages(logged_in: Pages, path: str, status: int) -> None:
    answer = logged_in.get(path)
    assert answer.status_code == status
    assert "no report\n" not in answer.text
