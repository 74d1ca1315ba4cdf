"""The report: fields that exist, and on each page how far its numbers may be trusted."""

from pathlib import Path

import pytest
from tests.powerbi.project import Field, fields, measures, mode, page_folders, read_json, tables, visuals

PAGES = page_folders()
LIVE_STATUS = {"Live Feed", "Live Scope", "Live Delay", "Live State"}
STATUS = {"Feed Shown", "Scope Shown", "Delay Shown", "State Shown"}


def by_name(page: Path) -> str:
    return page.name


def is_live(page: Path) -> bool:
    return "pageRefresh" in read_json(page / "page.json").get("objects", {})


def test_the_pages_are_the_five() -> None:
    titles = {read_json(page / "page.json")["displayName"] for page in PAGES}
    assert titles == {"Live", "Market overview", "Symbol", "Completeness and freshness", "Restatements"}
    assert [page.name for page in PAGES if is_live(page)] == ["Live"]


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_every_field_of_a_visual_exists(page: Path) -> None:
    known = {Field("Measure", table, name) for name, (table, _) in measures().items()}
    known |= {Field("Column", table.name, column.name) for table in tables().values() for column in table.of("column")}
    for path, visual in visuals(page):
        assert set(fields(visual)) <= known, path.parent.name


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_a_projection_is_called_as_its_field(page: Path) -> None:
    for path, visual in visuals(page):
        for role in visual["visual"].get("query", {}).get("queryState", {}).values():
            for projection in role["projections"]:
                (field,) = fields(projection["field"])
                assert projection["queryRef"] == f"{field.table}.{field.name}", path.parent.name
                assert projection["nativeQueryRef"] == field.name


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_a_page_shows_feed_scope_delay_and_state(page: Path) -> None:
    shown = {field.name for path, visual in visuals(page) if path.parent.name == "status" for field in fields(visual)}
    assert shown >= (LIVE_STATUS if is_live(page) else STATUS)


def test_the_live_page_asks_the_database_alone_and_refreshes_by_itself() -> None:
    (page,) = [page for page in PAGES if is_live(page)]
    used = {field.table for _, visual in visuals(page) for field in fields(visual)}
    assert {mode(tables()[name]) for name in used} <= {"directQuery", "dual"}
    (refresh,) = read_json(page / "page.json")["objects"]["pageRefresh"]
    assert refresh["properties"]["duration"]["expr"]["Literal"]["Value"] == "'PT5S'"


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_visuals_lie_on_the_page_and_not_on_each_other(page: Path) -> None:
    size = read_json(page / "page.json")
    boxes: list[tuple[str, tuple[float, float, float, float]]] = []
    for path, visual in visuals(page):
        box = visual["position"]
        left, top, right, bottom = box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]
        assert 0 <= left < right <= size["width"], path.parent.name
        assert 0 <= top < bottom <= size["height"], path.parent.name
        for name, (other_left, other_top, other_right, other_bottom) in boxes:
            apart = right <= other_left or other_right <= left or bottom <= other_top or other_bottom <= top
            assert apart, (path.parent.name, name)
        boxes.append((path.parent.name, (left, top, right, bottom)))
