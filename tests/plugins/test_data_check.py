"""The check operator against a real server: what it keeps, and how it fails."""

from typing import Any

import psycopg
import pytest
from tests.database import Database

from data_check import DataCheckOperator
from marketpulse.errors import OperatorError

BAR = (
    "INSERT INTO market.bar_1m (symbol, feed, bar_start, session_part, trading_date, volume, notional, trade_count,"
    " volume_scope, first_batch_id, batch_id)"
    " VALUES ('ABC', 'sip', '2025-07-02T13:30Z', 'regular', '2025-07-02', -1, 1, 1, 'consolidated', 1, 1)"
)


@pytest.fixture
def operations(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database that Airflow knows as the Connection of the operations role."""
    monkeypatch.setenv("AIRFLOW_CONN_MARKETPULSE_OPERATIONS", database.operations_dsn)
    return database


def check(name: str, *days: str) -> Any:
    return DataCheckOperator(
        task_id="check", conn_id="marketpulse_operations", check_name=name, trading_dates=list(days)
    )


def kept(database: Database) -> list[Any]:
    with psycopg.connect(database.operations_dsn) as connection:
        return connection.execute(
            "SELECT check_name, severity, trading_date::text, offending FROM ops.check_result ORDER BY trading_date"
        ).fetchall()


def test_a_passing_check_keeps_a_result_a_day(operations: Database) -> None:
    check("bar_amounts_plausible", "2025-07-02", "2025-07-03").execute({})
    assert kept(operations) == [
        ("bar_amounts_plausible", "error", "2025-07-02", 0),
        ("bar_amounts_plausible", "error", "2025-07-03", 0),
    ]


def test_a_failing_check_says_in_one_line_what_it_found_and_keeps_it(operations: Database) -> None:
    with psycopg.connect(operations.owner_dsn) as connection:
        connection.execute(BAR)
    with pytest.raises(OperatorError, match=r"data check bar_amounts_plausible failed: .*2025-07-02: 1 rows") as raised:
        check("bar_amounts_plausible", "2025-07-02", "2025-07-03").execute({})
    assert "\n" not in str(raised.value)
    assert [row[3] for row in kept(operations)] == [1, 0]


def test_a_run_without_a_day_passes(operations: Database) -> None:
    check("bar_amounts_plausible").execute({})
    assert kept(operations) == []
