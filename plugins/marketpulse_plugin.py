"""What Airflow learns from MarketPulse: how to read its session timetable back, and where session reports are shown."""

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from session_report import URL_PREFIX, SessionReportLink, reports
from session_timetable import SessionTimetable


class MarketPulsePlugin(AirflowPlugin):
    """Registered by every Airflow component that has this folder as its plugins folder."""

    name = "marketpulse"
    timetables: ClassVar[list[Any]] = [SessionTimetable]
    operator_extra_links: ClassVar[list[Any]] = [SessionReportLink()]
    fastapi_apps: ClassVar[list[Any]] = [{"name": "session reports", "app": reports, "url_prefix": URL_PREFIX}]
