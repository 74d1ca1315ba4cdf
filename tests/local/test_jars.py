"""Jars: exactly the locked bytes, from the cache when they are there, and never anything else."""

import hashlib
from pathlib import Path

import pytest

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.local.jars import KAFKA, SPARK, LockedJar, install_jars, read_lock
from marketpulse.local.java import Java

# Fetching would fail at once: it cannot be started.
NO_JAVA = Java(Path("/nowhere/java"), 17)


def locked(content: bytes, *, set_name: str = KAFKA, artifact: str = "broker") -> LockedJar:
    return LockedJar(set_name, "org.example", artifact, "1.0", hashlib.sha256(content).hexdigest())


def failing_java(folder: Path) -> Java:
    executable = folder / "java"
    executable.write_text("#!/bin/sh\nexit 1\n")
    executable.chmod(0o755)
    return Java(executable, 17)


def forging_java(folder: Path) -> Java:
    """Puts other bytes where the jar is expected."""
    executable = folder / "java"
    executable.write_text(
        '#!/bin/sh\nfor last; do :; done\nmkdir -p "${last%/*}"\nprintf forged > "${last%/*}/broker-1.0.jar"\n'
    )
    executable.chmod(0o755)
    return Java(executable, 17)


def test_the_lock_names_both_sets_with_checksums() -> None:
    jars = read_lock()
    assert {jar.set_name for jar in jars} == {KAFKA, SPARK}
    assert {"kafka_2.13-4.3.1.jar", "spark-sql-kafka-0-10_2.13-4.2.0.jar"} <= {jar.file_name for jar in jars}
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in jars)
    assert len({(jar.set_name, jar.artifact) for jar in jars}) == len(jars)


def test_an_unreadable_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "jars.lock").write_text("kafka org.example:broker 00\n")
    with pytest.raises(OperatorError, match=r"unreadable line 'kafka org.example:broker 00'"):
        read_lock(tmp_path / "jars.lock")


def test_cached_jars_are_placed_without_fetching_and_others_removed(tmp_path: Path) -> None:
    cache, target = tmp_path / "cache", tmp_path / "target"
    cache.mkdir()
    (cache / "broker-1.0.jar").write_bytes(b"jar")
    (target / KAFKA).mkdir(parents=True)
    (target / KAFKA / "broker-0.9.jar").write_bytes(b"old")
    install_jars(NO_JAVA, target, cache=cache, lock=[locked(b"jar")])
    assert [path.name for path in (target / KAFKA).iterdir()] == ["broker-1.0.jar"]
    (cache / "broker-1.0.jar").unlink()
    install_jars(NO_JAVA, target, cache=cache, lock=[locked(b"jar")])


def test_a_damaged_jar_is_replaced_from_the_cache(tmp_path: Path) -> None:
    cache, target = tmp_path / "cache", tmp_path / "target"
    cache.mkdir()
    (cache / "broker-1.0.jar").write_bytes(b"jar")
    (target / KAFKA).mkdir(parents=True)
    (target / KAFKA / "broker-1.0.jar").write_bytes(b"ja")
    install_jars(NO_JAVA, target, cache=cache, lock=[locked(b"jar")])
    assert (target / KAFKA / "broker-1.0.jar").read_bytes() == b"jar"


def test_a_jar_that_cannot_be_had_is_worth_another_try(tmp_path: Path) -> None:
    with pytest.raises(RetriableError, match=r"org.example:broker:1.0 could not be fetched"):
        install_jars(failing_java(tmp_path), tmp_path / "target", cache=tmp_path / "cache", lock=[locked(b"jar")])


def test_other_bytes_than_the_locked_ones_are_refused_and_not_cached(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"broker-1.0.jar is not the file that jars.lock names"):
        install_jars(forging_java(tmp_path), tmp_path / "target", cache=tmp_path / "cache", lock=[locked(b"jar")])
    assert not list((tmp_path / "cache").glob("*.jar"))


def slow_java(folder: Path) -> Java:
    """Puts a jar into Ivy's cache at once and where it is expected after a while."""
    executable = folder / "java"
    executable.write_text(
        "#!/bin/sh\n"
        'for last; do [ "$earlier" = -cache ] && cache=$last; earlier=$last; done\n'
        'mkdir -p "$cache/org.example" "${last%/*}"\n'
        'printf jar > "$cache/org.example/broker-1.0.jar"\n'
        "sleep 1.5\n"
        'printf jar > "${last%/*}/broker-1.0.jar"\n'
    )
    executable.chmod(0o755)
    return Java(executable, 17)


def test_what_is_fetched_is_counted_meanwhile(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    install_jars(
        slow_java(tmp_path),
        tmp_path / "target",
        cache=tmp_path / "cache",
        lock=[locked(b"jar")],
        tell=lambda there, wanted: told.append((there, wanted)),
    )
    assert (1, 1) in told
    assert (tmp_path / "target" / KAFKA / "broker-1.0.jar").read_bytes() == b"jar"


def test_a_cache_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = tmp_path / "file" / "jars"
    with pytest.raises(OperatorError, match=r"file/jars cannot be used .* set XDG_CACHE_HOME"):
        install_jars(failing_java(tmp_path), tmp_path / "target", cache=cache, lock=[locked(b"jar")])
