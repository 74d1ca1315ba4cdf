"""Each measure three times: the model's DAX by its text, SQL over the real mart, Python over the stored rows."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from tests.database import Database
from tests.powerbi.expected import MEASURES, Context, expected
from tests.powerbi.project import measures
from tests.powerbi.sample import load_sample
from tests.powerbi.tmdl import normalised

PAIRS = yaml.safe_load((Path(__file__).parent / "measures.yaml").read_text(encoding="utf-8"))
CONTEXTS = {
    name: Context(tuple(value["symbols"]), value["first"].isoformat(), value["last"].isoformat())
    for name, value in PAIRS["contexts"].items()
}
# The age of a price grows while the test runs.
SLACK = {"Oldest Price Age": Decimal(600)}
PRECISION = Decimal("0.000000001")


@pytest.fixture
def mart(database: Database) -> Iterator[psycopg.Connection]:
    """The mart over the sample, as the read-only role sees it."""
    load_sample(database.owner_dsn)
    with psycopg.connect(database.reader_dsn, autocommit=True) as connection:
        yield connection


def test_every_measure_has_its_pair() -> None:
    named = [pair["measure"] for pair in PAIRS["measures"]]
    assert sorted(named) == sorted(measures()) == sorted(MEASURES)


@pytest.mark.parametrize("pair", PAIRS["measures"], ids=lambda pair: pair["measure"])
def test_the_model_holds_the_expression_of_the_pair(pair: dict[str, Any]) -> None:
    table, measure = measures()[pair["measure"]]
    assert table == pair["table"]
    assert normalised(measure.expression) == normalised(pair["dax"])


@pytest.mark.parametrize("table", PAIRS["rows"])
def test_sql_over_the_mart_gives_what_python_gives(mart: psycopg.Connection, table: str) -> None:
    pairs = {pair["measure"]: pair["sql"] for pair in PAIRS["measures"] if pair["table"] == table}
    query = f"SELECT {', '.join(pairs.values())} FROM ({PAIRS['rows'][table]}) AS shown"  # noqa: S608 - a file of ours
    apart, ever_known = [], set()
    for name, context in CONTEXTS.items():
        parameters = {"symbols": list(context.symbols), "first": context.first, "last": context.last}
        row = mart.execute(query.encode(), parameters).fetchone()
        assert row is not None
        for measure, got in zip(pairs, row, strict=True):
            wanted = expected(table, measure, context)
            if wanted is not None:
                ever_known.add(measure)
            if not agree(got, wanted, SLACK.get(measure, PRECISION)):
                apart.append((measure, name, got, wanted))
    assert apart == []
    assert ever_known == pairs.keys()


def agree(got: Any, wanted: Any, slack: Decimal) -> bool:
    if got is None or wanted is None or isinstance(wanted, str | bool | date | datetime):
        return bool(got == wanted)
    return abs(Decimal(got) - Decimal(wanted)) <= slack
