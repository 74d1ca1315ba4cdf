"""The shipped Power BI project as the tests see it: its files, its model, its visuals."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.powerbi.tmdl import Node, read_tmdl

PROJECT = Path(__file__).parents[2] / "powerbi"
REPORT = PROJECT / "MarketPulse.Report"
MODEL = PROJECT / "MarketPulse.SemanticModel"
PAGES = REPORT / "definition" / "pages"
SOURCE = re.compile(r'\[Schema = "(?P<schema>\w+)", Item = "(?P<item>\w+)"\]')


@dataclass(frozen=True, slots=True)
class Field:
    """What a visual binds: a column or a measure of a table."""

    kind: str
    table: str
    name: str


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def tables() -> dict[str, Node]:
    """The model's tables by name, in the order of model.tmdl."""
    folder = MODEL / "definition" / "tables"
    read = {path.stem: read_tmdl(path.read_text(encoding="utf-8")).of("table")[0] for path in folder.glob("*.tmdl")}
    return {name: read[name] for name in listed_tables()}


def listed_tables() -> list[str]:
    text = (MODEL / "definition" / "model.tmdl").read_text(encoding="utf-8")
    return [name.strip("'") for name in re.findall(r"^ref table (.+)$", text, re.MULTILINE)]


def definition(name: str) -> Node:
    return read_tmdl((MODEL / "definition" / f"{name}.tmdl").read_text(encoding="utf-8"))


def measures() -> dict[str, tuple[str, Node]]:
    """Every measure by name, with its table."""
    return {measure.name: (table.name, measure) for table in tables().values() for measure in table.of("measure")}


def mode(table: Node) -> str:
    (partition,) = table.of("partition")
    return partition.properties["mode"]


def source_view(table: Node) -> str:
    """The view of `mart` that a table reads."""
    (partition,) = table.of("partition")
    match = SOURCE.search(partition.properties["source"])
    assert match is not None, f"{table.name} names no view"
    assert match["schema"] == "mart"
    return match["item"]


def visuals(page: Path) -> list[tuple[Path, dict[str, Any]]]:
    return [(path, read_json(path)) for path in sorted(page.glob("visuals/*/visual.json"))]


def page_folders() -> list[Path]:
    return sorted(path for path in PAGES.iterdir() if path.is_dir())


def fields(value: Any) -> Iterator[Field]:
    """Every column and measure that a piece of a visual names, wherever it stands."""
    if isinstance(value, dict):
        for kind in ("Column", "Measure"):
            named = value.get(kind)
            if isinstance(named, dict) and "Property" in named:
                yield Field(kind, named["Expression"]["SourceRef"]["Entity"], named["Property"])
        for inner in value.values():
            yield from fields(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner)
