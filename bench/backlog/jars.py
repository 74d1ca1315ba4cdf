"""The jars that only the benchmark needs, by a lock of their own."""

from pathlib import Path

from marketpulse.local.jars import LockedJar, install_jars, read_lock
from marketpulse.local.java import find_java

DRIVER, CONNECT, DEBEZIUM = "jdbc", "connect", "debezium"
_LOCK = Path(__file__).with_name("jars.lock")


def install_bench_jars(target: Path) -> None:
    """Put them into `target/<set>/`, beside the product's own."""
    jars: tuple[LockedJar, ...] = (*read_lock(), *read_lock(_LOCK))
    install_jars(find_java(), target, lock=jars)
