"""What the three folders outside the library may import. The library's own layers are import-linter's."""

import ast
from pathlib import Path

import pytest
from tests.airflow_home import REPOSITORY

FORBIDDEN = {
    # DAGs and plugins are read by every Airflow component: nothing of Spark, nothing of the stack that starts them.
    "dags": {"pyspark", "dags", "spark_apps", "marketpulse.cli", "marketpulse.demo", "marketpulse.local"},
    "plugins": {"pyspark", "dags", "spark_apps", "marketpulse.cli", "marketpulse.demo", "marketpulse.local"},
    # A Spark application runs without Airflow.
    "spark_apps": {
        "airflow",
        "dags",
        "plugins",
        "marketpulse.cli",
        "marketpulse.demo",
        "marketpulse.local",
        "marketpulse.monitor",
    },
}
# What takes long to import belongs inside the task that uses it.
HEAVY = {"pandas", "numpy", "pyarrow", "exchange_calendars", "confluent_kafka", "psycopg", "requests", "apprise"}


def files(folder: str) -> list[Path]:
    return sorted((REPOSITORY / folder).glob("**/*.py"))


@pytest.mark.parametrize(
    ("folder", "path"), [(folder, path) for folder in FORBIDDEN for path in files(folder)], ids=lambda value: str(value)
)
def test_a_file_imports_nothing_that_its_folder_may_not(folder: str, path: Path) -> None:
    forbidden = FORBIDDEN[folder]
    names = {name for name, _ in imports(path)}
    assert not {name for name in names if any(name == root or name.startswith(f"{root}.") for root in forbidden)}


@pytest.mark.parametrize("path", [*files("dags"), *files("plugins")], ids=lambda path: path.stem)
def test_nothing_heavy_is_imported_while_parsing(path: Path) -> None:
    at_top = {name.partition(".")[0] for name, is_top in imports(path) if is_top}
    assert not at_top & HEAVY


@pytest.mark.parametrize("path", files("src/marketpulse"), ids=lambda path: path.stem)
def test_the_library_knows_neither_airflow_nor_outside_the_stream_spark(path: Path) -> None:
    roots = {name.partition(".")[0] for name, _ in imports(path)}
    assert not roots & {"airflow", "dags", "plugins", "spark_apps"}
    assert "stream" in path.parts or "pyspark" not in roots


def imports(path: Path) -> list[tuple[str, bool]]:
    """Every imported module, and whether the import runs when the file is loaded."""
    found: list[tuple[str, bool]] = []

    def visit(node: ast.AST, *, is_top: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.extend((alias.name, is_top) for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.module:
                found.append((child.module, is_top))
                found.extend((f"{child.module}.{alias.name}", is_top) for alias in child.names)
            deferred = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
                isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            )
            visit(child, is_top=is_top and not deferred)

    visit(ast.parse(path.read_text(encoding="utf-8")), is_top=True)
    return found
