"""Airflow is pointed at its temporary home before the first test module imports it."""

import tests.airflow_home  # noqa: F401
