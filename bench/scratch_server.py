"""A PostgreSQL of a benchmark's own, with the options of the embedded stack."""

import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from marketpulse.local.blueprint import POSTGRES_OPTIONS
from marketpulse.local.postgres import PostgresServer, place
from marketpulse.warehouse import migrations
from marketpulse.warehouse.roles import RolePasswords, ensure_roles


@contextmanager
def scratch_server(*, durable: bool) -> Iterator[dict[str, str]]:
    """A migrated database on a server that goes when the block ends; one DSN a role. Without `durable` it writes faster
    than the stack's own would: for loads that are not what is measured.
    """
    state = Path(tempfile.mkdtemp(prefix="marketpulse-bench-"))
    state.chmod(0o755)
    password = secrets.token_hex(8)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    faster = {} if durable else {"fsync": "off", "full_page_writes": "off", "max_wal_size": "8GB"}
    options = POSTGRES_OPTIONS | faster
    home = place("postgres", state=state, stack_id=state.name)
    server = PostgresServer(home, port=port, password=password, options=options, log=state / "postgres.log")
    roles = ("owner", "writer", "operations", "reader")
    try:
        server.initialise()
        server.start()
        ensure_roles(server.dsn(), RolePasswords(**dict.fromkeys(roles, password)))
        dsns = {role: server.dsn(f"marketpulse_{role}", password, "marketpulse") for role in roles}
        migrations.apply(dsns["owner"])
        yield dsns
    finally:
        server.stop()
        shutil.rmtree(state, ignore_errors=True)
