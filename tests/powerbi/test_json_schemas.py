"""Every JSON file of the project by the schema it names, and what those schemas leave open by one of our own."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from tests.powerbi.json_schemas import PREFIX, VENDORED, described, problems
from tests.powerbi.project import PROJECT, page_folders, read_json, visuals

# Not to be had as part of a licensed package; `make check-powerbi SCHEMAS=...` follows it in a checkout.
NOT_VENDORED = {"fabric/item/report/definition/visualConfiguration/2.3.0/schema-embedded.json"}


@pytest.mark.parametrize("path", described(), ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_a_file_is_valid_by_its_schema(path: Path) -> None:
    missing: set[str] = set()
    assert problems(path, missing=missing) == []
    assert {url.removeprefix(PREFIX) for url in missing} <= NOT_VENDORED


def test_every_file_that_can_name_a_schema_does() -> None:
    exempt = {"MarketPulse.pbids", "MarketPulse.json", "CY26SU10.json"}
    named = {path.name for path in PROJECT.rglob("*") if path.is_file() and path.suffix not in {".tmdl", ".md"}}
    assert named - exempt == {path.name for path in described()}


def test_a_fault_is_seen(tmp_path: Path) -> None:
    page = read_json(page_folders()[0] / "page.json")
    (tmp_path / "page.json").write_text(json.dumps({"$schema": page["$schema"], "name": 5, "colour": ""}))
    assert len(problems(tmp_path / "page.json")) >= 2


@pytest.mark.parametrize("page", page_folders(), ids=lambda page: page.name)
def test_a_visual_has_the_shape_that_this_project_writes(page: Path) -> None:
    validator = Draft7Validator(read_json(Path(__file__).parent / "visual_schema.json"))
    for path, visual in visuals(page):
        assert [error.message for error in validator.iter_errors(visual["visual"])] == [], path.parent.name


def test_the_licence_lies_beside_the_vendored_schemas() -> None:
    assert "MIT License" in (VENDORED / "LICENSE").read_text(encoding="utf-8")
