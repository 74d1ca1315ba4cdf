"""Paths, names and addresses: what only shows when a project is opened."""

import json
import re

import pytest
from tests.powerbi.project import MODEL, PAGES, PROJECT, REPORT, definition, page_folders, read_json, visuals

from marketpulse.local.power_bi import write_pbids

NAME = re.compile(r"[\w-]{1,50}", re.ASCII)
FORBIDDEN = re.compile(r"password|marketpulse_reader|\b(?:\d{1,3}\.){3}\d{1,3}\b", re.IGNORECASE)


def test_the_shortcut_leads_to_the_report_and_the_report_to_the_model() -> None:
    shortcut = read_json(PROJECT / "MarketPulse.pbip")
    (artifact,) = shortcut["artifacts"]
    report = PROJECT / artifact["report"]["path"]
    assert report == REPORT
    reference = read_json(report / "definition.pbir")["datasetReference"]["byPath"]["path"]
    assert (report / reference).resolve() == MODEL.resolve()
    assert (MODEL / "definition.pbism").exists()


def test_platform_files_name_their_kind_and_differ() -> None:
    platforms = [read_json(folder / ".platform") for folder in (REPORT, MODEL)]
    assert [platform["metadata"]["type"] for platform in platforms] == ["Report", "SemanticModel"]
    assert len({platform["config"]["logicalId"] for platform in platforms}) == 2


def test_pages_and_visuals_are_named_as_their_folders() -> None:
    listed = read_json(PAGES / "pages.json")
    assert sorted(listed["pageOrder"]) == [page.name for page in page_folders()]
    assert listed["activePageName"] in listed["pageOrder"]
    for page in page_folders():
        assert read_json(page / "page.json")["name"] == page.name
        assert NAME.fullmatch(page.name)
        for path, visual in visuals(page):
            assert visual["name"] == path.parent.name
            assert NAME.fullmatch(visual["name"])


def test_resources_that_the_report_registers_exist() -> None:
    for package in read_json(REPORT / "definition" / "report.json")["resourcePackages"]:
        for item in package["items"]:
            assert (REPORT / "StaticResources" / package["name"] / item["path"]).exists()
    theme = REPORT / "StaticResources" / "RegisteredResources" / "MarketPulse.json"
    assert read_json(theme)["name"] == theme.name


def test_windows_can_hold_the_paths() -> None:
    assert max(len(path.relative_to(PROJECT).as_posix()) for path in PROJECT.rglob("*")) < 120


def test_the_address_stands_in_the_parameters_and_in_the_pbids_alone() -> None:
    parameters = {node.name: node.expression.split('"')[1] for node in definition("expressions").of("expression")[:2]}
    (connection,) = read_json(PROJECT / "MarketPulse.pbids")["connections"]
    address = connection["details"]["address"]
    assert parameters == {"Server": address["server"], "Database": address["database"]}
    for path in PROJECT.rglob("*"):
        if path.is_file() and path.suffix != ".md":
            text = path.read_text(encoding="utf-8")
            assert not FORBIDDEN.search(text.replace("2.0.0.0", "")), path
            if path.name not in {"MarketPulse.pbids", "expressions.tmdl"}:
                assert address["server"] not in text, path


@pytest.mark.parametrize("server", ["localhost:5432", "localhost:15432"])
def test_the_stack_writes_the_shipped_file_with_its_own_address(
    server: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("stack") / "marketpulse.pbids"
    write_pbids(path, server=server, database="marketpulse")
    shipped = (PROJECT / "MarketPulse.pbids").read_text(encoding="utf-8")
    assert path.read_text(encoding="utf-8") == shipped.replace("localhost:5432", server)
    assert json.loads(shipped)["connections"][0]["mode"] == "Import"
