"""Java: the first supported one wins; otherwise one line says what was found."""

import re
from pathlib import Path

import pytest

from marketpulse.errors import OperatorError
from marketpulse.local.java import find_java, java_version


def fake_java(folder: Path, version: str) -> Path:
    executable = folder / "bin" / "java"
    executable.parent.mkdir(parents=True)
    executable.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    executable.chmod(0o755)
    return executable


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "21" 2023-09-19', 21),
        ("Unable to locate a Java Runtime.", None),
    ],
)
def test_versions_as_they_are_printed(text: str, version: int | None) -> None:
    assert java_version(text) == version


def test_java_home_comes_before_the_path(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "home", "21.0.1").parents[1]
    fake_java(tmp_path / "path", "17.0.1")
    found = find_java({"JAVA_HOME": str(home), "PATH": str(tmp_path / "path" / "bin")})
    assert found.version == 21
    assert found.home == home


def test_an_unsupported_java_home_gives_way_to_the_path(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "home", "24").parents[1]
    fake_java(tmp_path / "path", "17.0.1")
    assert find_java({"JAVA_HOME": str(home), "PATH": str(tmp_path / "path" / "bin")}).version == 17


@pytest.mark.parametrize(("version", "feature"), [("1.8.0_392", 8), ("11.0.2", 11), ("22", 22)])
def test_too_old_and_too_new_are_named(tmp_path: Path, version: str, feature: int) -> None:
    executable = fake_java(tmp_path, version)
    with pytest.raises(OperatorError, match=re.escape(f"{executable} is Java {feature}")):
        find_java({"PATH": str(tmp_path / "bin")})


def test_no_java_at_all_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="Java 17 to 21 is needed and there is none: install one"):
        find_java({"PATH": str(tmp_path)})
