"""Postgres without room: its small file system is filled to the last block, and freed again after a while."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from marketpulse.chaos.faults import Tend
from marketpulse.chaos.site import Site
from marketpulse.chaos.small_disk import SmallDisk
from marketpulse.local.blueprint import POSTGRES
from marketpulse.store.postgres import connect

# What the server writes in its log, the end as the C library says it.
_REFUSED = re.compile(rb"(ERROR|FATAL|PANIC): .*No space left on device")
_PANIC = re.compile(rb"PANIC: .*No space left on device")
_BLOCK = 4096
# A switch needs a segment of 16 MB, and so many may lie ready.
_MOST_SEGMENTS = 80


@dataclass(frozen=True, slots=True)
class OutOfDisk:
    """No block is left. With `end_wal` the write-ahead log is brought to where it needs one at once: the server panics,
    and cannot start before there is room."""

    target: str
    end_wal: bool = False
    kind = "out of disk"
    is_held = True
    check = "disk"

    @contextmanager
    def prepared(self, site: Site) -> Iterator[None]:
        disk = SmallDisk(site)
        disk.refuse_if_impossible()
        try:
            disk.move_in()
            yield
        finally:
            disk.move_back()

    @contextmanager
    def in_force(self, site: Site) -> Iterator[Tend]:
        ballast = SmallDisk(site).folder / "ballast"
        log = site.blueprint.layout.log(POSTGRES)
        begin = log.stat().st_size

        def tend() -> bool:
            # The server removes files too; what it gives back is taken.
            _fill(ballast)
            return (_PANIC if self.end_wal else _REFUSED).search(_since(log, begin)) is not None

        # A server without room takes no new sessions.
        session = connect(site.blueprint.postgres.dsn(), application_name="chaos", autocommit=True)
        try:
            _fill(ballast)
            if self.end_wal:
                _end_wal(session)
            yield tend
        finally:
            session.close()
            ballast.unlink(missing_ok=True)


def _fill(ballast: Path) -> None:
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        room = os.statvfs(ballast)
        step = max(room.f_bavail * room.f_frsize // _BLOCK * _BLOCK, _BLOCK)
        while step >= _BLOCK:
            try:
                os.posix_fallocate(descriptor, size, step)
            except OSError:
                step = step // 2 // _BLOCK * _BLOCK
            else:
                size += step
    finally:
        os.close(descriptor)


def _end_wal(superuser: psycopg.Connection) -> None:
    """Use up the log's segments that lie ready, until the server fails."""
    with suppress(psycopg.OperationalError, psycopg.InterfaceError):
        for _ in range(_MOST_SEGMENTS):
            superuser.execute("SELECT pg_logical_emit_message(false, 'chaos', repeat('x', 1000))")
            superuser.execute("SELECT pg_switch_wal()")


def _since(log: Path, begin: int) -> bytes:
    """What was written after `begin`; a log that was rolled over is read from its start."""
    with log.open("rb") as file:
        file.seek(begin if os.fstat(file.fileno()).st_size >= begin else 0)
        return file.read()
