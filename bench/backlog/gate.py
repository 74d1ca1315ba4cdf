"""The correctness gate: a contender whose rows or sums differ from what was produced gets no number."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

HERE = Path(__file__).parent
OURS = ("bench", "of_market_event")
PLAIN = ("bench", "trade")
KEYED = ("bench", "trade_keyed")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is compared of a table."""

    rows: int
    size: Decimal
    notional: Decimal
    digest: str

    def difference(self, found: "Fingerprint") -> str | None:
        """How `found` differs from what was produced; None when it does not."""
        if found.rows != self.rows:
            return f"{found.rows:,} rows instead of {self.rows:,}"
        if (found.size, found.notional) != (self.size, self.notional):
            return f"sums {found.size} and {found.notional} instead of {self.size} and {self.notional}"
        return None if found.digest == self.digest else "the rows are not those that were produced"


def create_tables(owner_dsn: str) -> None:
    """The contenders' tables beside the product's schema, open to the product's writer."""
    with psycopg.connect(owner_dsn) as connection:
        for name in ("tables", "views"):
            connection.execute((HERE / f"{name}.sql").read_text(encoding="utf-8"))
        connection.execute("GRANT USAGE ON SCHEMA bench TO marketpulse_writer")
        connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA bench TO marketpulse_writer")


def produced(owner_dsn: str, rows_file: Path) -> Fingerprint:
    """The fingerprint of what was published, through a table that is emptied again."""
    load_file(owner_dsn, rows_file)
    found = fingerprint(owner_dsn, PLAIN)
    with psycopg.connect(owner_dsn) as connection:
        connection.execute("TRUNCATE bench.trade")
    return found


def load_file(dsn: str, rows_file: Path) -> None:
    """COPY of the rows from the file in one transaction: the floor."""
    with (
        psycopg.connect(dsn) as connection,
        rows_file.open("rb", buffering=0) as lines,
        connection.cursor().copy("COPY bench.trade FROM STDIN") as copy,
    ):
        while chunk := lines.read(1 << 18):
            copy.write(chunk)


def fingerprint(owner_dsn: str, source: tuple[str, str]) -> Fingerprint:
    query = SQL((HERE / "fingerprint.sql").read_text(encoding="utf-8")).format(source=Identifier(*source))
    with psycopg.connect(owner_dsn, options="-c work_mem=256MB -c TimeZone=UTC") as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return Fingerprint(*row)


def begin_after(owner_dsn: str) -> None:
    """Only what lands from now on is compared."""
    with psycopg.connect(owner_dsn) as connection:
        connection.execute("UPDATE bench.run SET began_at = clock_timestamp()")


def empty(owner_dsn: str) -> None:
    """Every table as it was before the first run."""
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        names = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('bench', 'market', 'ops', 'rollup') AND tablename NOT IN ('feed_preference', 'run')"
        ).fetchall()
        connection.execute(
            SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(SQL(", ".join(name for (name,) in names)))
        )
