"""The state folder: usable or a clear error; secrets for the owner only."""

from pathlib import Path

import pytest

from marketpulse.errors import OperatorError
from marketpulse.local import layout as layout_module
from marketpulse.local.credentials import load, load_or_create
from marketpulse.local.layout import Layout, write_private


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match=r"cannot be used .* set MARKETPULSE_STATE_DIR to another folder"):
        Layout(tmp_path / "file" / "state").prepare()


def test_a_full_disk_is_refused_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout_module, "LEAST_FREE_BYTES", 1 << 60)
    with pytest.raises(OperatorError, match="GiB are free for"):
        Layout(tmp_path / "state").prepare()


def test_private_files_are_for_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600


def test_credentials_are_made_once(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    assert load(path) is None
    made = load_or_create(path)
    assert load_or_create(path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    secrets = [getattr(made, name) for name in made.__struct_fields__]
    assert len(set(secrets)) == len(secrets)


def test_credentials_are_not_shown(tmp_path: Path) -> None:
    made = load_or_create(tmp_path / "secrets.json")
    assert made.superuser not in f"{made!r} {made}"


def test_damaged_credentials_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(OperatorError, match=r"secrets.json is damaged"):
        load(tmp_path / "secrets.json")
