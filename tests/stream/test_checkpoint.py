import os
import tempfile
from pathlib import Path

import pytest

from marketpulse.stream.checkpoint import checkpoints_of, fresh_checkpoint


def test_a_checkpoint_is_found_by_its_driver_and_a_dead_drivers_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = tmp_path / "marketpulse-stock-99999999-x"
    dead.mkdir()
    mine = fresh_checkpoint("stock")
    assert checkpoints_of("stock", os.getpid(), folder=tmp_path) == (mine,)
    assert checkpoints_of("stock", 99999999, folder=tmp_path) == ()
    assert checkpoints_of("other", os.getpid(), folder=tmp_path) == ()
