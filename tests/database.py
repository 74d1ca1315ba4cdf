"""What the `postgres` and `database` fixtures give to a test."""

import socket
from dataclasses import dataclass

from marketpulse.local.postgres import PostgresServer


@dataclass(frozen=True, slots=True)
class Database:
    """The market's database on a server of its own, one DSN a role."""

    server: PostgresServer
    superuser_dsn: str
    owner_dsn: str
    writer_dsn: str
    operations_dsn: str
    reader_dsn: str


def free_port() -> int:
    """A port of the loopback address that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
