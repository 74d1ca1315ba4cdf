"""Trading halts from a file: a CSV with the columns symbol, halted_at, resumed_at and reason, times with their zone.

The file is read whole before anything is written, so a bad line leaves everything as it was. The same file again
changes nothing.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from psycopg.types.json import Jsonb

from marketpulse.errors import OperatorError
from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages

_COLUMNS = ("symbol", "halted_at", "resumed_at", "reason")


@dataclass(frozen=True, slots=True)
class Halt:
    """One line: trading stood still from `halted_at` (UTC) to `resumed_at`; None when it has not resumed."""

    line: int
    symbol: str
    halted_at: datetime
    resumed_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class ImportedHalts:
    """How many lines the file holds, how many of them were news, and how many days have to be computed again."""

    lines: int
    changed: int
    dirtied: int


def import_halts(dsn: str, file: Path) -> ImportedHalts:
    """Store the file's halts and mark the days they touch. `dsn` is the operations role's.

    Raises OperatorError, naming the line, when any line cannot be used: then nothing is stored.
    """
    halts = read_halts(file)
    changed = dirtied = 0
    with outages(dsn), connect(dsn, application_name="halts") as connection:
        for halt in halts:
            values = {
                "symbol": halt.symbol,
                "halted_at": halt.halted_at,
                "resumed_at": halt.resumed_at,
                "reason": halt.reason,
                "cites": Jsonb({"file": file.name, "line": halt.line}),
            }
            news = connection.execute(read_sql("rollups/coverage/import_halt"), values).fetchone()
            if news is None:
                continue
            changed += 1
            touched = values | {"resumed_at": news[0]}
            dirtied += connection.execute(read_sql("rollups/coverage/mark_halted_days"), touched).rowcount
    return ImportedHalts(len(halts), changed, dirtied)


def read_halts(file: Path) -> tuple[Halt, ...]:
    """Every halt of the file. Raises OperatorError, naming the line, for what cannot be used."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            halts = tuple(_halts(lines, file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise OperatorError(f"{file} cannot be read: {error}") from None
    starts: dict[tuple[str, datetime], int] = {}
    for halt in halts:
        before = starts.setdefault((halt.symbol, halt.halted_at), halt.line)
        if before != halt.line:
            raise OperatorError(f"{file}, line {halt.line}: the same halt as in line {before}; keep one of them")
    return halts


def _halts(lines: Iterator[str], file: Path) -> Iterator[Halt]:
    reader = csv.DictReader(lines, strict=True)
    if tuple(reader.fieldnames or ()) != _COLUMNS:
        raise OperatorError(f"{file}, line 1: the first line has to be {','.join(_COLUMNS)}")
    for row in reader:
        try:
            yield _halt(row, reader.line_num)
        except ValueError as error:
            raise OperatorError(f"{file}, line {reader.line_num}: {error}; nothing was imported") from None


def _halt(row: dict[str | None, str | None], line: int) -> Halt:
    """The halt of a line; ValueError says what is wrong with it."""
    values = {name: (row[name] or "").strip() for name in _COLUMNS if isinstance(row.get(name), str)}
    if len(values) != len(_COLUMNS) or None in row:
        raise ValueError(f"{len(_COLUMNS)} fields are wanted")
    if not values["symbol"]:
        raise ValueError("the symbol is missing")
    halted_at = _moment("halted_at", values["halted_at"])
    resumed_at = _moment("resumed_at", values["resumed_at"]) if values["resumed_at"] else None
    if resumed_at is not None and resumed_at <= halted_at:
        raise ValueError(f"resumed_at {values['resumed_at']} is not after halted_at {values['halted_at']}")
    return Halt(line, values["symbol"].upper(), halted_at, resumed_at, values["reason"] or None)


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} is {text!r}: write it as 2026-11-20T15:30:00Z") from None
    if moment.tzinfo is None:
        raise ValueError(f"{name} {text} has no zone: end it with Z for UTC")
    return moment.astimezone(UTC)
