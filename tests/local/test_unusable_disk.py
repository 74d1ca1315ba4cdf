"""A state folder on a disk that is full, becomes full or is read-only: one line that names the folder."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.command import Command

from marketpulse.errors import OperatorError
from marketpulse.local.layout import write_private


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[bool]:
    """A file system of its own at the folder; False where this machine does not let us mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    done = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield done
    finally:
        if done:
            subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def files_cannot_grow() -> Iterator[None]:
    """What a disk without room does to every write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_said_before_anything_starts(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with mounted(command.state, "size=1m") as small:
        if not small:
            sizes = list(os.statvfs(command.folder))
            sizes[4] = 0
            monkeypatch.setattr(os, "statvfs", lambda path: os.statvfs_result(sizes))
        said = command.run("up").refusal
        assert f"only 0.0 GiB are free for {command.state}" in said
        assert not (command.state / "secrets.json").exists()


def test_a_read_only_state_folder_is_said(command: Command) -> None:
    with mounted(command.state, "ro") as read_only:
        if not read_only:
            command.state.chmod(0o500)
        if read_only or os.geteuid() != 0:
            assert f"the state folder {command.state} cannot be used" in command.run("up").refusal
            assert command.run("status").refusal == "marketpulse: not running: make up"
            assert str(command.state) in command.run("down").refusal
        else:
            # Root writes everywhere, and here it may mount nothing.
            (command.state / "logs").touch()
            assert f"the state folder {command.state} cannot be used" in command.run("up").refusal


def test_a_disk_that_has_become_full_is_said(command: Command) -> None:
    command.state.mkdir()
    with files_cannot_grow():
        assert f"the state folder {command.state} cannot be used" in command.run("up").refusal


def test_a_file_that_cannot_be_written_is_named_and_the_old_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "stack.env"
    write_private(path, "old")
    with files_cannot_grow(), pytest.raises(OperatorError, match=r"stack.env cannot be used .*MARKETPULSE_STATE_DIR"):
        write_private(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["stack.env"]
