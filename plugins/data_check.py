"""The common-sql check operator for the files of include/sql/checks, one instance a file."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NoReturn

from airflow.providers.common.sql.operators.sql import SQLCheckOperator

from marketpulse.errors import OperatorError
from marketpulse.warehouse.check_files import check_run


class DataCheckOperator(SQLCheckOperator):
    """Runs one check on some days (ISO dates) in one statement, which keeps what it found in ops.check_result.

    Fails with an OperatorError, which is not tried again, when a check of severity error finds anything; an outage of
    Postgres is tried again.
    """

    template_fields: Sequence[str] = ("check_name", "trading_dates", *SQLCheckOperator.template_fields)

    def __init__(self, *, check_name: str, trading_dates: Any, **kwargs: Any) -> None:
        super().__init__(sql="", **kwargs)
        self.check_name = check_name
        self.trading_dates = trading_dates

    def execute(self, context: Any) -> None:
        run = check_run(self.check_name, map(date.fromisoformat, self.trading_dates))
        self.sql, self.parameters = run.sql, run.parameters
        super().execute(context)

    def _raise_exception(self, exception_string: str) -> NoReturn:
        found = self.check_results[0].actual if self.check_results else exception_string
        raise OperatorError(f"data check {self.check_name} failed: {found}")
