"""A few sessions of three symbols, with a split, a restatement, an outage and a second volume scope, as stored rows."""

from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import yaml
from psycopg import sql

Row = dict[str, str | None]

FOLDER = Path(__file__).parent / "sample"
# Parents before children.
FIRST = ("market.calendar", "market.session", "ops.stream_batch")


@cache
def sample() -> dict[str, list[Row]]:
    """The rows by table; numbers and times stay text, so that no price passes through a float."""
    names = [*FIRST, *sorted({path.stem for path in FOLDER.glob("*.yaml")} - set(FIRST))]
    return {name: _read(FOLDER / f"{name}.yaml") for name in names}


def load_sample(owner_dsn: str) -> None:
    with psycopg.connect(owner_dsn) as connection:
        for table, rows in sample().items():
            for row in rows:
                statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    sql.Identifier(*table.split(".")),
                    sql.SQL(", ").join(map(sql.Identifier, row)),
                    sql.SQL(", ").join(sql.Placeholder() * len(row)),
                )
                connection.execute(statement, list(row.values()))


def _read(path: Path) -> list[Row]:
    rows: list[dict[str, Any]] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - text
    return [{name: None if value == "null" else value for name, value in row.items()} for row in rows]
