"""Data-quality checks: each file of include/sql/checks is a query that returns the rows that should not be there.

The first line of a file names its severity: an error means the data contradicts itself, a warning that a person
should look. Every result is kept in ops.check_result.
"""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from psycopg import sql
from psycopg.types.json import Jsonb

from marketpulse.errors import OperatorError
from marketpulse.resources import include_path, read_sql
from marketpulse.store.postgres import connect, outages

logger = logging.getLogger(__name__)

Severity = Literal["error", "warning"]

_SEVERITY = re.compile(r"-- severity: (error|warning)\n")


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
    results = []
    with outages(dsn), connect(dsn, application_name="checks", autocommit=True) as connection:
        for trading_date in sorted(set(trading_dates)):
            for name in check_names():
                severity, query = read_check(name)
                summary = sql.SQL(read_sql("checks/store/summary")).format(check=sql.SQL(query))
                row = connection.execute(summary, {"trading_date": trading_date}).fetchone()
                offending, sample = row if row is not None else (0, [])
                results.append(CheckResult(name, severity, trading_date, offending, tuple(sample)))
                values = {
                    "check_name": name,
                    "trading_date": trading_date,
                    "offending": offending,
                    "sample": Jsonb(sample),
                }
                connection.execute(read_sql("checks/store/insert_result"), values)
    _report(results)
    return tuple(results)


def check_names() -> tuple[str, ...]:
    """The names of all checks, sorted."""
    return tuple(sorted(path.stem for path in include_path("sql/checks").glob("*.sql")))


def read_check(name: str) -> tuple[Severity, str]:
    """Severity and query of a check. Raises OperatorError when the file does not begin with its severity."""
    text = read_sql(f"checks/{name}")
    match = _SEVERITY.match(text)
    if match is None:
        raise OperatorError(f"include/sql/checks/{name}.sql does not begin with '-- severity: error' or 'warning'")
    return ("error" if match[1] == "error" else "warning"), text


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
