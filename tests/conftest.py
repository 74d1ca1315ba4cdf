"""Fixtures that every area shares: one real PostgreSQL for the whole session, emptied before each test; the command."""

import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from tests.command import Command
from tests.database import Database, free_port

from marketpulse.local.postgres import PostgresServer, place
from marketpulse.warehouse import migrations
from marketpulse.warehouse.roles import RolePasswords, ensure_roles

# How long an example takes says more about the machine than about the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

ROLES = ("owner", "writer", "operations", "reader")


def pytest_configure() -> None:
    """A suite that a shell started in the background ignores Ctrl-C, and so would every process that a test starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


# First: the plugin that spreads the tests reads the groups in its own turn.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of one area that need real services share them in one worker, and come first: they are the longest
    chains, that of the whole stack the longest."""
    order = {"stack": 0, "services": 1, "": 2}
    kinds = {item: _kind(item) for item in items}
    for item, kind in kinds.items():
        if kind:
            item.add_marker(pytest.mark.xdist_group(item.path.parent.name))
    items.sort(key=lambda item: order[kinds[item]])


def _kind(item: pytest.Item) -> str:
    if not item.get_closest_marker("integration"):
        return ""
    return "stack" if item.path.parent.name == "integration" else "services"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    """A PostgreSQL 16 with the four roles, the database `marketpulse` and all migrations."""
    # Not pytest's own temporary folder: only its owner may enter it, and under root the server is somebody else.
    state = Path(tempfile.mkdtemp(prefix="marketpulse-test-"))
    state.chmod(0o755)
    home = place("postgres", state=state, stack_id=state.name)
    # Tests lose nothing that matters when the machine goes down.
    fast = {"fsync": "off", "full_page_writes": "off", "max_connections": "80"}
    server = PostgresServer(
        home, port=free_port(), password=secrets.token_hex(8), options=fast, log=state / "postgres.log"
    )
    try:
        server.initialise()
        server.start()
        yield _prepared(server)
    finally:
        server.stop()
        shutil.rmtree(state, ignore_errors=True)


@pytest.fixture
def database(postgres: Database) -> Database:
    """The session's database with every identity at its start; empty but for the feed order that a migration filled."""
    with psycopg.connect(postgres.owner_dsn) as connection:
        rows = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('market', 'ops', 'rollup') AND tablename <> 'feed_preference' ORDER BY 1"
        ).fetchall()
        if rows:
            connection.execute(f"TRUNCATE {', '.join(row[0] for row in rows)} RESTART IDENTITY CASCADE")
        connection.execute("ALTER SEQUENCE ops.stream_batch_id RESTART")
    return postgres


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`marketpulse` in an empty folder."""
    return Command(tmp_path, monkeypatch, capsys)


def _prepared(server: PostgresServer) -> Database:
    password = secrets.token_hex(8)
    dsns = {role: server.dsn(f"marketpulse_{role}", password, "marketpulse") for role in ROLES}
    ensure_roles(server.dsn(), RolePasswords(**dict.fromkeys(ROLES, password)))
    migrations.apply(dsns["owner"])
    return Database(server, server.dsn(), dsns["owner"], dsns["writer"], dsns["operations"], dsns["reader"])
