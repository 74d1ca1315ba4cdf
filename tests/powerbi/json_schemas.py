"""The project's JSON files against Microsoft's published schemas.

`python -m tests.powerbi.json_schemas FOLDER` takes a checkout of microsoft/json-schemas instead of the vendored part,
and so follows every reference: what `visual`, a filter or a formatting object may hold is described there.
"""

import json
import sys
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7
from tests.powerbi.project import PROJECT, read_json

VENDORED = Path(__file__).parent / "schemas"
SUFFIXES = {".json", ".pbip", ".pbir", ".pbism"}
PREFIX = "https://developer.microsoft.com/json-schemas/"


def described(project: Path = PROJECT) -> list[Path]:
    """The files that name a schema of Microsoft's."""
    files = sorted(path for path in project.rglob("*") if path.suffix in SUFFIXES or path.name == ".platform")
    return [path for path in files if read_json(path).get("$schema", "").startswith(PREFIX)]


def problems(path: Path, root: Path = VENDORED, missing: set[str] | None = None) -> list[str]:
    """What a file's schema says against it. One that `root` lacks allows anything; its URL is added to `missing`."""

    def retrieve(url: str) -> Resource[Any]:
        file = root / url.removeprefix(PREFIX)
        if not file.exists() and missing is not None:
            missing.add(url)
            return Resource.from_contents({"definitions": AnyDefinition()}, default_specification=DRAFT7)
        return Resource.from_contents(json.loads(file.read_text(encoding="utf-8-sig")))

    content = read_json(path)
    schema = retrieve(content["$schema"]).contents
    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg] # attrs renames it
    validator = Draft7Validator(schema, registry=registry)
    return [f"{path.name} {error.json_path}: {error.message}" for error in validator.iter_errors(content)]


class AnyDefinition(dict[str, Any]):
    """Stands for the definitions of a schema that is not there: whichever is asked for allows anything."""

    def __missing__(self, key: str) -> dict[str, Any]:
        return {}


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else VENDORED
    missing: set[str] = set()
    files = described()
    found = [problem for path in files for problem in problems(path, root, missing)]
    sys.stdout.write("\n".join([*found, *(f"not followed: {url}" for url in sorted(missing))]) + "\n")
    sys.stdout.write(f"{len(files)} files, {len(found)} problems\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
