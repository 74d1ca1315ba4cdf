"""What Airflow learns from MarketPulse: how to read its session timetable back from the database."""

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from session_timetable import SessionTimetable


class MarketPulsePlugin(AirflowPlugin):
    """Registered by every Airflow component that has this folder as its plugins folder."""

    name = "marketpulse"
    timetables: ClassVar[list[Any]] = [SessionTimetable]
