"""The data of Postgres is whole and in its place, wherever a move to the small disk was cut short."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.local.stored_stack import blueprint

from marketpulse.chaos.site import Site
from marketpulse.chaos.small_disk import SmallDisk
from marketpulse.errors import OperatorError
from marketpulse.local.postgres import discard_outside
from marketpulse.settings import Settings


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A stack that does not run, with a folder for the small disk."""
    small = tmp_path / "small"
    small.mkdir()
    made = Site(blueprint(tmp_path / "state"), Settings(), hold_s=1, disk=small)
    (data(made) / "PG_VERSION").write_text("16")
    try:
        yield made
    finally:
        discard_outside(tmp_path / "state", keep=None)


def data(site: Site) -> Path:
    return site.blueprint.postgres.home.data_dir


def beside(site: Site, ending: str) -> Path:
    return data(site).with_name(f"{data(site).name}.{ending}")


def is_whole(site: Site) -> bool:
    place = data(site)
    left = [*place.parent.glob(f"{place.name}.*"), *(site.disk or Path()).iterdir()]
    return not place.is_symlink() and (place / "PG_VERSION").exists() and not left


def test_what_the_server_wrote_meanwhile_comes_back(site: Site) -> None:
    disk = SmallDisk(site)
    disk.move_in()
    assert data(site).resolve().is_relative_to(disk.folder.resolve())
    (data(site) / "written").touch()
    disk.move_back()
    assert is_whole(site)
    assert (data(site) / "written").exists()


def test_nothing_to_put_back_changes_nothing(site: Site) -> None:
    SmallDisk(site).move_back()
    assert is_whole(site)


def copied(site: Site) -> None:
    (site.disk or Path()).joinpath("data").mkdir()


def put_aside(site: Site) -> None:
    copied(site)
    data(site).rename(beside(site, "aside"))


def on_the_way_back(site: Site) -> None:
    SmallDisk(site).move_in()
    beside(site, "returning").mkdir()


def unlinked(site: Site) -> None:
    """All but the last renaming is done: what stands aside is old."""
    SmallDisk(site).move_in()
    data(site).unlink()
    (beside(site, "aside") / "PG_VERSION").unlink()
    beside(site, "returned").mkdir()
    (beside(site, "returned") / "PG_VERSION").write_text("16")


@pytest.mark.parametrize("cut_short", [copied, put_aside, on_the_way_back, unlinked], ids=lambda step: step.__name__)
def test_a_move_that_was_cut_short_is_undone(site: Site, cut_short: Callable[[Site], None]) -> None:
    cut_short(site)
    SmallDisk(site).move_back()
    assert is_whole(site)


def test_without_a_way_to_mount_one_it_says_what_to_do(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    alone = Site(site.blueprint, site.settings, hold_s=1)
    with pytest.raises(OperatorError, match="--disk, or leave these rounds out with --without 'out of disk'"):
        SmallDisk(alone).refuse_if_impossible()
    SmallDisk(site).refuse_if_impossible()


def test_a_disk_that_is_no_folder_is_refused(site: Site, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="missing is no folder"):
        SmallDisk(Site(site.blueprint, site.settings, hold_s=1, disk=tmp_path / "missing")).refuse_if_impossible()
