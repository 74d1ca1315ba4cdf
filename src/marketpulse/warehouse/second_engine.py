"""DuckDB as a second opinion: rows of Postgres recomputed by an engine that shares nothing with it but the facts.

Rows are read as CSV and land in DuckDB piece by piece, decimals as decimals, so memory does not grow with the day.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import islice
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
from pyarrow import csv

from marketpulse.resources import include_path, read_sql
from marketpulse.warehouse.equation import Tally

# The names of a COPY's columns and their types in DuckDB.
Columns = Mapping[str, str]

TEXT, WHOLE, LONG_WHOLE = "VARCHAR", "BIGINT", "DECIMAL(38, 0)"
PRICE, SIZE, NOTIONAL = "DECIMAL(18, 6)", "DECIMAL(24, 6)", "DECIMAL(38, 12)"
_ARROW_TYPES = {
    TEXT: pa.string(),
    WHOLE: pa.int64(),
    LONG_WHOLE: pa.decimal128(38, 0),
    PRICE: pa.decimal128(18, 6),
    SIZE: pa.decimal128(24, 6),
    NOTIONAL: pa.decimal128(38, 12),
}

# Rows a piece: some twenty megabytes of text.
_PIECE = 100_000
_MEMORY = "768MB"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SecondEngine:
    """One DuckDB beside one Postgres connection, whose snapshot it sees. Use it within `second_engine`."""

    def __init__(self, connection: psycopg.Connection, duck: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._duck = duck

    def pieces(self, name: str, columns: Columns, parameters: Mapping[str, Any]) -> Iterator[None]:
        """Makes the rows of `include/sql/proof/<name>.sql`, a COPY, the table `piece`: so many at a time."""
        with self._connection.cursor() as cursor, cursor.copy(read_sql(f"proof/{name}"), parameters) as lines:
            rows = iter(lines)
            while text := b"".join(islice(rows, _PIECE)):
                self._duck.register("piece", _table(text, columns))
                yield
                self._duck.unregister("piece")

    def load(self, table: str, name: str, columns: Columns, parameters: Mapping[str, Any]) -> None:
        """All rows of a COPY as a new table."""
        declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        self._duck.execute(f"CREATE OR REPLACE TABLE {table} ({declared})")
        for _ in self.pieces(name, columns, parameters):
            self._duck.execute(f"INSERT INTO {table} SELECT * FROM piece")  # noqa: S608 - our own names

    def run(self, name: str, parameters: Mapping[str, Any] | None = None, **parts: str) -> None:
        """One file of `include/sql/proof/engine`; `parts` fill its braces."""
        text = read_sql(f"proof/engine/{name}")
        self._duck.execute(text.format(**parts) if parts else text, parameters)

    def holds_any(self, table: str) -> bool:
        """Whether a table has rows."""
        return bool(self._duck.execute(f"FROM {table} LIMIT 1").fetchall())

    def compare(self, tally: Tally, key: tuple[str, ...], day: str) -> None:
        """Every row of the tables `stored` and `due`, which have the same columns, into the tally."""
        text = read_sql("proof/engine/compare").format(key=", ".join(key))
        ((places, equal, different),) = self._duck.execute(text).fetchall()
        texts = [_difference(key, day, pair["stored"], pair["due"]) for pair in different or ()]
        tally.compared(places, equal, texts)


@contextmanager
def second_engine(connection: psycopg.Connection) -> Iterator[SecondEngine]:
    """An engine of its own, gone when the block ends. What does not fit its memory goes to a temporary folder."""
    with (
        TemporaryDirectory(prefix="marketpulse-proof-") as folder,
        duckdb.connect(
            config={"memory_limit": _MEMORY, "temp_directory": folder, "autoinstall_known_extensions": False}
        ) as duck,
    ):
        duck.execute("SET TimeZone = 'UTC'")
        engine = SecondEngine(connection, duck)
        engine.run("create_macros")
        engine.run("read_rules", {"path": str(include_path("trade_conditions/sip.csv"))})
        yield engine


def _table(text: bytes, columns: Columns) -> pa.Table:
    return csv.read_csv(
        BytesIO(text),
        read_options=csv.ReadOptions(column_names=list(columns)),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={column: _ARROW_TYPES[kind] for column, kind in columns.items()},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _difference(key: tuple[str, ...], day: str, stored: dict[str, Any] | None, due: dict[str, Any] | None) -> str:
    """One row that differs: where it is, and each figure that does."""
    known = stored or due or {}
    place = " ".join([str(known["symbol"]), *(_shown(name, known[name]) for name in key if name != "symbol")])
    if "start_min" not in key:
        place += f" {day}"
    if stored is None:
        return f"{place}: not stored, {_figures(key, known)} is due"
    if due is None:
        return f"{place}: {_figures(key, known)} is stored, nothing is due"
    differences = [f"{name} {stored[name]} against {due[name]}" for name in stored if stored[name] != due[name]]
    return f"{place}: {', '.join(differences)}"


def _shown(name: str, value: Any) -> str:
    if name == "start_min":
        return f"{_EPOCH + timedelta(minutes=value):%Y-%m-%d %H:%M}Z"
    return f"{value} min" if name == "interval_min" else str(value)


def _figures(key: tuple[str, ...], row: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if name not in key)
