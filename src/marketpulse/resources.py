"""The one way to read `include/`: schemas, SQL and tables, from a checkout or from the installed package."""

from functools import cache
from pathlib import Path


def include_path(relative: str) -> Path:
    """The path of a file or folder under `include/`. Raises FileNotFoundError when there is none."""
    package = Path(__file__).resolve().parent
    for root in (package / "_include", package.parents[1] / "include"):
        candidate = root / relative
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"include/{relative} is neither in the package nor in the checkout")


@cache
def read_sql(name: str) -> str:
    """The text of `include/sql/<name>.sql`, for example `read_sql("stream/rebuild_bars")`."""
    return include_path(f"sql/{name}.sql").read_text(encoding="utf-8")
