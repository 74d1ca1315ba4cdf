"""Corporate actions: what a file may say, what is kept of it, and that a split changes the series and no raw price."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.database import Database
from tests.warehouse.rows import load, read_case

from marketpulse.errors import OperatorError
from marketpulse.resources import include_path, read_sql
from marketpulse.warehouse.corporate_actions import CorporateAction, read_actions, record_actions
from marketpulse.warehouse.rollups import compute_daily

DAY = date(2025, 7, 3)
HEADER = "symbol,ex_date,action_type,split_from,split_to,cash_amount,currency\n"
SPLIT = CorporateAction("ABC", DAY, "split", split_from=Decimal(1), split_to=Decimal(20))


def written(folder: Path, text: str) -> Path:
    file = folder / "actions.csv"
    file.write_text(text)
    return file


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.owner_dsn) as connection:
        return connection.execute(query.encode()).fetchall()


def test_a_file_is_read_line_by_line(tmp_path: Path) -> None:
    text = (
        HEADER + "abc,2025-07-03,split,1,20,,\nABC,2025-07-07,cash_dividend,,,0.25,USD\nabc,2025-07-03,split,1,20,,\n"
    )
    dividend = CorporateAction("ABC", date(2025, 7, 7), "cash_dividend", cash_amount=Decimal("0.25"), currency="USD")
    assert read_actions(written(tmp_path, text)) == (SPLIT, dividend)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lacks the column action_type, ex_date, symbol"),
        (HEADER + ",2025-07-03,split,1,20,,", "line 2: the symbol is empty"),
        (HEADER + "ABC,3.7.2025,split,1,20,,", r"line 2: ex_date '3\.7\.2025' is not a date"),
        (HEADER + "ABC,2025-07-03,merger,,,,", "line 2: action_type 'merger' is neither"),
        (HEADER + "ABC,2025-07-03,split,0,20,,", "line 2: split_from and split_to have to be above 0"),
        (HEADER + "ABC,2025-07-03,split,1,x,,", "line 2: split_to 'x' is not a number"),
        (HEADER + "ABC,2025-07-03,split,1,NaN,,", "line 2: split_to 'NaN' is not from 0"),
        (HEADER + "ABC,2025-07-03,split,1,1e40,,", "line 2: split_to '1e40' is not from 0"),
        (HEADER + "ABC,2025-07-03,split", "line 2: split_from '' is not a number"),
        (HEADER + "ABC,2025-07-03,cash_dividend,,,-1,USD", "line 2: cash_amount '-1' is not from 0"),
        (HEADER + "ABC,2025-07-03,cash_dividend,,,0.1234567,USD", "line 2: cash_amount '0.1234567' is not from 0"),
        (HEADER + "ABC,2025-07-03,cash_dividend,,,1,dollars", "line 2: currency 'dollars' is not a code"),
        (HEADER + "AAPL,2025-07-03,cash_dividend,,,1,GBP", "line 2: AAPL trades in USD, not in GBP"),
        (HEADER + "ABC,2025-07-03,split,1,20,,\nABC,2025-07-03,split,1,2,,", "line 3: says otherwise than an earlier"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(OperatorError, match=message):
        read_actions(written(tmp_path, text))


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"none\.csv cannot be read"):
        read_actions(tmp_path / "none.csv")


def test_the_same_again_adds_nothing_and_another_word_is_a_version(database: Database) -> None:
    assert record_actions(database.operations_dsn, [SPLIT], source="a.csv") == (SPLIT,)
    assert record_actions(database.operations_dsn, [SPLIT], source="b.csv") == ()
    other = CorporateAction("ABC", DAY, "split", split_from=Decimal(1), split_to=Decimal(10))
    assert record_actions(database.operations_dsn, [other], source="c.csv") == (other,)
    assert rows(
        database, "SELECT version, split_to, is_current, source FROM market.corporate_action ORDER BY version"
    ) == [(1, 20, False, "a.csv"), (2, 10, True, "c.csv")]


def test_a_split_adjusts_the_history_once_told_and_alarms_nobody(database: Database) -> None:
    load(database.owner_dsn, read_case(include_path("sql/rollups/daily/tests/split_day")))
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("DELETE FROM market.corporate_action")
        connection.execute("INSERT INTO ops.dirty_series VALUES ('ABC', '1900-01-01')")
    compute_daily(database.operations_dsn, DAY, DAY)
    series = "SELECT adj_close, return_1d, factor_version FROM rollup.daily_series ORDER BY trading_date"
    assert rows(database, series) == [(400, None, 0), (21, Decimal("-0.9475"), 0)]
    raw = rows(database, "SELECT * FROM market.bar_1m")

    record_actions(database.operations_dsn, [SPLIT], source="a.csv")
    compute_daily(database.operations_dsn)
    assert rows(database, series) == [(20, None, 1), (21, Decimal("0.05"), 1)]
    assert rows(database, "SELECT close, previous_close, return_1d FROM rollup.daily ORDER BY trading_date")[1:] == [
        (21, 20, Decimal("0.05"))
    ]
    assert rows(database, "SELECT * FROM market.bar_1m") == raw
    with psycopg.connect(database.operations_dsn) as connection:
        jumps = connection.execute(read_sql("checks/unexplained_jumps"), {"trading_date": DAY})
        assert jumps.fetchall() == []


def test_a_split_told_ahead_counts_from_the_day_that_has_it(database: Database) -> None:
    case = read_case(include_path("sql/rollups/daily/tests/split_day"))
    bars = case.pop("market.bar_1m")
    load(database.owner_dsn, case | {"ops.dirty_series": [{"symbol": "ABC", "from_date": "1900-01-01"}]})
    compute_daily(database.operations_dsn)
    series = "SELECT adj_close FROM rollup.daily_series ORDER BY trading_date"
    assert rows(database, series) == [(400,)]
    load(database.owner_dsn, {"market.bar_1m": bars})
    compute_daily(database.operations_dsn, DAY, DAY)
    assert rows(database, series) == [(20,), (21,)]
