"""The files of include/sql/checks: each is a query that returns the rows of one day that should not be there.

The first line of a file names its severity: an error means the data contradicts itself, a warning that a person should
look. This module opens no connection, so that a DAG may list the checks while it is parsed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from marketpulse.errors import OperatorError
from marketpulse.resources import include_path, read_sql

Severity = Literal["error", "warning"]

_SEVERITY = re.compile(r"-- severity: (error|warning)\n")
_THE_DAY = "%(trading_date)s"


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One check on some days as one statement and its parameters. It keeps its results in ops.check_result and answers
    in one row, (is_passed, summary); both are true when the check passes, as a SQLCheckOperator wants it."""

    sql: str
    parameters: dict[str, Any]


def check_run(name: str, trading_dates: Iterable[date]) -> CheckRun:
    """The check of this name on these days. Raises OperatorError for a file without its severity."""
    severity, query = read_check(name)
    statement = read_sql("checks/store/run").replace("{check}", query.replace(_THE_DAY, "day.trading_date"))
    return CheckRun(statement, {"check_name": name, "severity": severity, "trading_dates": sorted(set(trading_dates))})


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
