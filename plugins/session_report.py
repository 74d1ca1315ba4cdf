"""The task that writes session reports, its link to them, and the pages behind that link.

A page is shown to whoever may use Airflow's web UI, and to nobody else: Airflow leaves a plugin's own pages open to
anyone, so the check is made here.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from airflow.sdk import BaseOperator, BaseOperatorLink
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowSkipException

from connection_settings import connection_settings
from marketpulse.settings import settings

logger = logging.getLogger(__name__)

URL_PREFIX = "/marketpulse/reports"

# The page needs no script and no address; sent as headers too, they hold for whatever lies in the folder.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache, private",
}


class SessionReportLink(BaseOperatorLink):
    """A button on the task's page: the newest report that the task wrote."""

    name = "Session report"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        days = all_days(getattr(operator, "days", ()))
        if not days:
            return ""
        base_path = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")
        return f"{base_path}{URL_PREFIX}/{days[-1]}"


class SessionReportOperator(BaseOperator):
    """Writes the report of each day in `days`, which is what other tasks returned: lists of ISO dates.

    The task is skipped when there is none.
    """

    template_fields = ("days",)
    operator_extra_links = (SessionReportLink(),)

    def __init__(self, *, days: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.days = days

    def execute(self, context: Any) -> None:
        from marketpulse.report.file import report_dir, report_path, write_report

        days = all_days(self.days)
        if not days:
            raise AirflowSkipException("no day was computed or made final, so there is no new report")
        now = connection_settings()
        for day in map(date.fromisoformat, days):
            path = report_path(report_dir(now), day)
            logger.info("wrote %s", write_report(now.operations_dsn.get_secret_value(), day, path))


def all_days(returned: Any) -> list[str]:
    """Each day once, the oldest first. A task that did not run returned nothing."""
    lists = [days for days in returned if isinstance(days, list | tuple)]
    return sorted({day for days in lists for day in days})


async def reports(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """The pages, as a web application that is put together when the first one is asked for.

    Every Airflow component loads this module; only the API server has use for FastAPI.
    """
    await application()(scope, receive, send)


@cache
def application() -> Any:
    """`/<date>` is the report of a session."""
    from airflow.api_fastapi.core_api.security import AccessView, requires_access_view
    from fastapi import Depends, FastAPI, HTTPException
    from fastapi.responses import FileResponse

    from marketpulse.report.file import report_dir, report_path

    allowed = Depends(requires_access_view(AccessView.WEBSITE))
    app = FastAPI(dependencies=[allowed], docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/{trading_date}", response_class=FileResponse)
    def show(trading_date: date) -> FileResponse:
        path = report_path(report_dir(settings()), trading_date)
        if not path.is_file():
            raise HTTPException(404, f"there is no report of {trading_date}: DAG daily_rollups writes it")
        return FileResponse(path, media_type="text/html; charset=utf-8", headers=HEADERS)

    return app
