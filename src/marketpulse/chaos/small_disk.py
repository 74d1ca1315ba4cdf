"""A small file system of its own for the market's Postgres: its data moves there, and back.

Root mounts an ext4 file system from a file beside the data; anybody else names a folder on one that is mounted already.
Only the link at the old place changes, so the server is started as ever. `move_back` also tidies up after a process
that was killed at any point of a move: the data is whole at every moment, and found by what is there.
"""

import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from marketpulse.chaos.site import Site
from marketpulse.errors import MarketPulseError, OperatorError
from marketpulse.local.blueprint import POSTGRES

# What the server may write before the disk is filled on purpose.
ROOM_BYTES = 192 * 1024**2
# More would take minutes to move, and nobody should risk that much.
LARGEST_BYTES = 4 * 1024**3
_STOP_S = 60.0
_UNMOUNT_S = 10.0
_HOW_ELSE = "name a folder on a small file system with --disk, or leave these rounds out with --without 'out of disk'"


class SmallDisk:
    """The small file system of one site, while there is one."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._data = site.blueprint.postgres.home.data_dir
        self._account = site.blueprint.postgres.home.account
        beside = self._data.parent
        self._image = beside / f"{self._data.name}.small.img"
        self._mount = beside / f"{self._data.name}.small"
        self._aside = beside / f"{self._data.name}.aside"
        self._returning = beside / f"{self._data.name}.returning"
        self._returned = beside / f"{self._data.name}.returned"

    @property
    def folder(self) -> Path:
        """Where the small file system is."""
        return self._site.disk or self._mount

    def refuse_if_impossible(self) -> None:
        """Raises OperatorError when this user cannot mount, or the database is too large to be moved."""
        if self._site.disk is None and (os.geteuid() != 0 or not all(map(shutil.which, ("mount", "mkfs.ext4")))):
            raise OperatorError(f"a small disk for Postgres can be mounted by root, with mkfs.ext4: {_HOW_ELSE}")
        if self._site.disk is not None and not self._site.disk.is_dir():
            raise OperatorError(f"{self._site.disk} is no folder: {_HOW_ELSE}")
        if (used := _bytes_of(self._data)) > LARGEST_BYTES:
            raise OperatorError(f"the database has {used / 1024**3:.1f} GiB, too much to be moved: {_HOW_ELSE}")

    def move_in(self) -> None:
        """Stop the server, move its data, start it. Raises OperatorError when there is no such disk to be had."""
        self._stop_server()
        if self._site.disk is None:
            self._make()
        place = self.folder / "data"
        _copy(self._data, place)
        self._data.rename(self._aside)
        self._data.symlink_to(place)
        self._start_server()

    def move_back(self) -> None:
        """The server's data is where it was, and nothing is left of the disk. Does nothing when all is in its place."""
        if self._data.is_symlink():
            self._stop_server()
            shutil.rmtree(self._returning, ignore_errors=True)
            _copy(self._data, self._returning)
            self._returning.rename(self._returned)
            self._data.unlink()
        whole = next((place for place in (self._returned, self._aside) if place.exists()), None)
        if not self._data.exists() and whole is not None:
            whole.rename(self._data)
        for leftover in (self._returning, self._returned, self._aside):
            shutil.rmtree(leftover, ignore_errors=True)
        self._discard()
        self._start_server()

    def _make(self) -> None:
        size = _bytes_of(self._data) + ROOM_BYTES
        self._discard()
        with self._image.open("wb") as image:
            image.truncate(size)
        self._mount.mkdir()
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(self._image))
        _run("mount", "-o", "loop", str(self._image), str(self._mount))
        # The server's account passes through, as it does above.
        self._mount.chmod(0o711)

    def _discard(self) -> None:
        if self._site.disk is not None:
            shutil.rmtree(self._site.disk / "data", ignore_errors=True)
        if self._mount.is_mount():
            self._unmount()
        with suppress(FileNotFoundError):
            self._mount.rmdir()
        self._image.unlink(missing_ok=True)

    def _unmount(self) -> None:
        deadline = time.monotonic() + _UNMOUNT_S
        while True:
            try:
                return _run("umount", str(self._mount))
            except OperatorError:
                # Whoever looks into it, a backup or a person's shell, has a moment to leave.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _stop_server(self) -> None:
        supervisor = self._site.supervisor
        supervisor.stop_program(POSTGRES, wait=True)
        deadline = time.monotonic() + _STOP_S
        while any(one.name == POSTGRES and one.pid for one in supervisor.programs()):
            if time.monotonic() > deadline:
                raise MarketPulseError(f"Postgres did not stop within {_STOP_S:.0f} s: see 'marketpulse logs postgres'")
            time.sleep(0.1)

    def _start_server(self) -> None:
        if self._site.supervisor.pid() is not None:
            self._site.supervisor.start_program(POSTGRES)


def _copy(source: Path, target: Path) -> None:
    """With owners, times and links."""
    target.mkdir(mode=0o700)
    _run("cp", "-a", f"{source}/.", str(target))


def _bytes_of(folder: Path) -> int:
    blocks = 0
    for place, _, names in os.walk(folder):
        for name in names:
            # The server adds and removes files meanwhile.
            with suppress(FileNotFoundError):
                blocks += (Path(place) / name).lstat().st_blocks
    return blocks * 512


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise OperatorError(f"{command[0]} failed ({' '.join(said)}): {_HOW_ELSE}")
