"""Running the data-quality checks outside Airflow. `daily_rollups` runs the same statements in check operators."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from marketpulse.errors import OperatorError
from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages
from marketpulse.warehouse.check_files import Severity, check_names, check_run

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found on one day; `sample` holds the first offending rows as JSON objects."""

    check_name: str
    severity: Severity
    trading_date: date
    offending: int
    sample: tuple[Any, ...]


def run_checks(dsn: str, trading_dates: Iterable[date]) -> tuple[CheckResult, ...]:
    """Run every check on each date, keep and return the results. `dsn` is the operations role's.

    Raises OperatorError, after all checks have run and are kept, when one of severity error found anything.
    """
    days = sorted(set(trading_dates))
    with outages(dsn), connect(dsn, application_name="checks", autocommit=True) as connection:
        for name in check_names():
            run = check_run(name, days)
            connection.execute(run.sql, run.parameters)
        rows = connection.execute(read_sql("checks/store/select_results"), {"trading_dates": days}).fetchall()
    results = [
        CheckResult(name, severity, day, offending, tuple(sample)) for name, severity, day, offending, sample in rows
    ]
    _report(results)
    return tuple(results)


def _report(results: list[CheckResult]) -> None:
    found = [result for result in results if result.offending]
    for result in found:
        level = logging.ERROR if result.severity == "error" else logging.WARNING
        logger.log(
            level,
            "%s on %s: %d rows, first %s",
            result.check_name,
            result.trading_date,
            result.offending,
            result.sample[0],
        )
    errors = [f"{r.check_name} on {r.trading_date} ({r.offending} rows)" for r in found if r.severity == "error"]
    if errors:
        raise OperatorError(f"data checks failed: {', '.join(errors)}; the rows are in ops.check_result")
