"""One run of the stream may commit at a time: the epoch in ops.stream_run says which."""

import os
import socket
import uuid

from psycopg import errors

from marketpulse.errors import FencedError
from marketpulse.stream.sink import session_prefix
from marketpulse.stream.statements import Connection, sql


def take_over(connection: Connection, stream: str) -> int:
    """Bump the epoch and end the sink sessions of older runs; returns our epoch. The connection is in autocommit.

    A frozen older session may hold the run's row: it is ended first, and again until the bump goes through.
    """
    values = {
        "stream": stream,
        "run_id": uuid.uuid4(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "app_id": None,
    }
    while True:
        end_sessions(connection, stream)
        try:
            with connection.transaction():
                connection.execute("SET LOCAL lock_timeout = '1s'")
                row = connection.execute(sql("bump_epoch"), values).fetchone()
        except errors.LockNotAvailable:
            continue
        if row is None:
            raise AssertionError("bump_epoch returns the epoch")
        epoch: int = row[0]
        end_sessions(connection, stream, up_to=epoch - 1)
        return epoch


def end_sessions(connection: Connection, stream: str, *, up_to: int | None = None) -> None:
    """End the sink sessions of the runs up to an epoch, of all runs without one. Those of a newer run are not ours: a
    driver that was frozen meanwhile leaves them alone."""
    connection.execute(sql("terminate_sessions"), {"prefix": session_prefix(stream), "up_to": up_to})


def check_epoch(connection: Connection, stream: str, epoch: int, *, app_id: str | None = None) -> None:
    """Show that we live. Raises FencedError when another run has taken over."""
    row = connection.execute(sql("select_epoch"), {"stream": stream}).fetchone()
    if row is None or row[0] != epoch:
        by = "" if row is None else f" run {row[0]} on {row[1]} (pid {row[2]})"
        raise FencedError(f"run {epoch} of {stream} ends: it was taken over by{by}")
    connection.execute(sql("touch_run"), {"stream": stream, "epoch": epoch, "app_id": app_id})
