"""Plain SQL files under include/sql/migrations, applied in the order of their names by yoyo-migrations.

Each file is one transaction, which also stores the checksum of its text: a file that changes after it was applied is
drift, and a run that was killed leaves either nothing of a file or all of it. One run at a time, by advisory lock.
After the files the views of the schema mart are renewed, see mart_views.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import sqlparse
import yoyo
from yoyo.migrations import MigrationList

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.resources import include_path, read_sql
from marketpulse.store.postgres import address, connect
from marketpulse.warehouse.mart_views import changed_views, make_views

# What can lose rows or fail on them; everything else only adds.
_DESTRUCTIVE = re.compile(
    r"\bDROP\s+(?!CONSTRAINT\b|DEFAULT\b|NOT\s+NULL\b|VIEW\b|FUNCTION\b|INDEX\b)|\bTRUNCATE\b|\bDELETE\s+FROM\b"
    r"|\bALTER\s+(COLUMN\s+)?\S+\s+(SET\s+DATA\s+)?TYPE\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its name without the suffix, the SHA-256 of its text, and its statements that can lose data."""

    migration_id: str
    sha256: str
    destructive: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What `apply` would do, in order; `views` are those of the mart that are not what their files say."""

    pending: tuple[Migration, ...]
    applied: tuple[str, ...]
    views: tuple[str, ...] = ()

    @property
    def destructive(self) -> tuple[str, ...]:
        """The statements that can lose data, each with its file; somebody should approve them first."""
        return tuple(f"{m.migration_id}: {statement}" for m in self.pending for statement in m.destructive)


def as_text(planned: Plan) -> str:
    """A plan for people: a line each pending file and view, and each statement that can lose data."""
    lines = [f"pending {migration.migration_id}" for migration in planned.pending]
    lines += [f"pending mart.{view}" for view in planned.views]
    lines += [f"can lose data: {statement}" for statement in planned.destructive]
    return "\n".join(lines) or "nothing to apply"


def plan(dsn: str, *, folder: Path | None = None) -> Plan:
    """What is pending, without changing anything. Raises OperatorError on drift."""
    files = _files(folder)
    with connect(dsn, application_name="migrations", autocommit=True) as connection:
        applied = _applied(connection)
        views = changed_views(connection) if folder is None else ()
    _refuse_drift(files, applied)
    return Plan(tuple(m for m in files if m.migration_id not in applied), tuple(applied), views)


def apply(dsn: str, *, folder: Path | None = None) -> tuple[str, ...]:
    """Apply what is pending and return its names, then those of the renewed views. `dsn` is the owner's.

    Another `folder` holds migrations only: the mart is left alone.

    Waits for another run. Raises OperatorError on drift or when a file fails; the files before it stay applied.
    """
    files = _files(folder)
    with connect(dsn, application_name="migrations", autocommit=True) as connection:
        connection.execute(read_sql("maintenance/lock_migrations"))
        connection.execute(read_sql("maintenance/create_migration_checksum"))
        applied = _applied(connection)
        _refuse_drift(files, applied)
        pending = tuple(m for m in files if m.migration_id not in applied)
        if pending:
            _run(dsn, folder, pending, applied)
        views = make_views(connection) if folder is None else ()
    return (*(m.migration_id for m in pending), *(f"mart.{name}" for name in views))


def verify(dsn: str, *, folder: Path | None = None) -> tuple[str, ...]:
    """The names of the applied migrations. Raises OperatorError when one is pending, missing or edited since, or when
    a view of the mart is not what its file says."""
    plan_now = plan(dsn, folder=folder)
    if plan_now.pending:
        names = ", ".join(m.migration_id for m in plan_now.pending)
        raise OperatorError(f"migrations are pending: {names}; run 'marketpulse migrate apply'")
    if plan_now.views:
        names = ", ".join(f"mart.{name}" for name in plan_now.views)
        raise OperatorError(f"views differ from their files: {names}; run 'marketpulse migrate apply'")
    return plan_now.applied


def _files(folder: Path | None) -> tuple[Migration, ...]:
    paths = sorted((folder or include_path("sql/migrations")).glob("*.sql"))
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> Migration:
    text = path.read_text(encoding="utf-8")
    statements = (" ".join(sqlparse.format(part, strip_comments=True).split()) for part in sqlparse.split(text))
    # A function's body is not run by the migration that defines it.
    destructive = (s for s in statements if _DESTRUCTIVE.search(re.sub(r"\$\$.*\$\$", "", s)))
    return Migration(path.stem, hashlib.sha256(text.encode()).hexdigest(), tuple(destructive))


def _applied(connection: psycopg.Connection) -> dict[str, str]:
    found = connection.execute(read_sql("maintenance/has_migration_checksum")).fetchone()
    if found is None or not found[0]:
        return {}
    return dict(connection.execute(read_sql("maintenance/select_migration_checksums")).fetchall())


def _refuse_drift(files: tuple[Migration, ...], applied: dict[str, str]) -> None:
    by_id = {m.migration_id: m for m in files}
    for migration_id, sha256 in applied.items():
        if migration_id not in by_id:
            raise OperatorError(f"{migration_id}.sql was applied but its file is gone: restore it, or update the code")
        if by_id[migration_id].sha256 != sha256:
            raise OperatorError(f"{migration_id}.sql changed after it was applied: restore it and add a new migration")
    newest = max(applied, default="")
    for migration in files:
        if migration.migration_id not in applied and migration.migration_id < newest:
            raise OperatorError(f"{migration.migration_id}.sql comes before {newest}, which is applied: renumber it")


def _run(dsn: str, folder: Path | None, pending: tuple[Migration, ...], applied: dict[str, str]) -> None:
    try:
        backend = yoyo.get_backend(urlunsplit(urlsplit(dsn)._replace(scheme="postgresql+psycopg")))
    except psycopg.OperationalError as error:
        raise RetriableError(f"Postgres at {address(dsn)} went away: {_first_line(error)}") from None
    with backend:
        # Whoever left a row in yoyo's own lock table is dead: we hold the advisory lock.
        backend.break_lock()
        found = yoyo.read_migrations(str(folder or include_path("sql/migrations")))
        # A run that died between a file's transaction and its mark.
        unmarked = backend.to_apply(found.filter(lambda m: m.id in applied))
        backend.mark_migrations(unmarked)
        checksums = {m.migration_id: m.sha256 for m in pending}
        for migration in backend.to_apply(found.filter(lambda m: m.id in checksums)):
            _add_checksum_step(migration, checksums[migration.id])
            try:
                backend.apply_migrations_only(MigrationList([migration]))
            except psycopg.OperationalError as error:
                raise RetriableError(
                    f"{migration.id}.sql was interrupted: {_first_line(error)}; run it again"
                ) from None
            except psycopg.Error as error:
                raise OperatorError(f"{migration.id}.sql failed and left nothing: {_first_line(error)}") from None


def _add_checksum_step(migration: Any, sha256: str) -> None:
    """Store the checksum as the last step of the file's transaction."""
    migration.load()

    def store(connection: psycopg.Connection) -> None:
        parameters = {"migration_id": migration.id, "sha256": sha256}
        connection.execute(read_sql("maintenance/insert_migration_checksum"), parameters)

    step = yoyo.migrations.MigrationStep(len(migration.steps), store, None)
    migration.steps.append(yoyo.migrations.TransactionWrapper(step))


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0]
