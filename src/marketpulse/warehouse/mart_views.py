"""The views of the schema mart: one file a view under include/sql/mart, made again whenever any of them changed.

A view holds no rows, so there is nothing to migrate: all of them are dropped and made in one transaction, and people
who read meanwhile see either the old ones or the new ones. A view that differs from its file, also because somebody
changed it by hand or a migration took it along with a table, counts as changed.
"""

import hashlib
import re
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import psycopg

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.resources import include_path, read_sql

_COMMENT = re.compile(r"--.*")
_MENTIONED = re.compile(r"\bmart\.(\w+)")


@dataclass(frozen=True, slots=True)
class ViewFile:
    """One file: the view's name, its statements, and the SHA-256 of their text."""

    name: str
    text: str
    sha256: str


def view_files(folder: Path | None = None) -> tuple[ViewFile, ...]:
    """Every view's file, those that a view reads before it. Raises OperatorError when views read each other."""
    paths = {path.stem: path for path in sorted((folder or include_path("sql/mart")).glob("*.sql"))}
    texts = {name: path.read_text(encoding="utf-8") for name, path in paths.items()}
    mentioned = {name: set(_MENTIONED.findall(_COMMENT.sub("", text))) for name, text in texts.items()}
    reads = {name: sorted(mentioned[name] & texts.keys() - {name}) for name in texts}
    try:
        order = tuple(TopologicalSorter(reads).static_order())
    except CycleError as error:
        raise OperatorError(f"views of the mart read each other: {', '.join(error.args[1])}") from None
    return tuple(ViewFile(name, texts[name], hashlib.sha256(texts[name].encode()).hexdigest()) for name in order)


def changed_views(connection: psycopg.Connection, folder: Path | None = None) -> tuple[str, ...]:
    """The names of the views that are not what their files say, sorted; also of those that have no file."""
    wanted = {file.name: file.sha256 for file in view_files(folder)}
    stored: dict[str, str | None] = {}
    found = connection.execute(read_sql("maintenance/has_mart_view")).fetchone()
    if found is not None and found[0]:
        stored = dict(connection.execute(read_sql("maintenance/select_mart_views")).fetchall())
    as_wanted = {name for name, sha256 in wanted.items() if stored.get(name) == sha256}
    return tuple(sorted((wanted.keys() | stored.keys()) - as_wanted))


def make_views(connection: psycopg.Connection, folder: Path | None = None) -> tuple[str, ...]:
    """Make every view again when any changed; returns the names of those that had. `connection` is the owner's.

    All or nothing. Waits for whoever reads the mart. Raises OperatorError with the name of the file that fails.
    """
    connection.execute(read_sql("maintenance/create_mart_view"))
    changed = changed_views(connection, folder)
    if not changed:
        return ()
    name = ""
    try:
        with connection.transaction():
            connection.execute(read_sql("maintenance/drop_mart_views"))
            for file in view_files(folder):
                name = file.name
                connection.execute(file.text)
                connection.execute(read_sql("maintenance/insert_mart_view"), {"name": file.name, "sha256": file.sha256})
    except psycopg.OperationalError as error:
        raise RetriableError(f"the mart's views were not renewed: {_first_line(error)}; run it again") from None
    except psycopg.Error as error:
        raise OperatorError(f"mart/{name}.sql failed and left nothing: {_first_line(error)}") from None
    return changed


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0]
