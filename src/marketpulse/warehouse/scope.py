"""Which producers and batches a proof is about: those of its days, so that its cost does not grow with the history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import psycopg

from marketpulse.resources import read_sql


@dataclass(frozen=True, slots=True)
class Scope:
    """Days from one to another, both included; None: without a bound."""

    date_from: date | None
    date_to: date | None

    @property
    def bounds(self) -> Mapping[str, date | None]:
        """The parameters of the proof's queries."""
        return {"date_from": self.date_from, "date_to": self.date_to}

    def fill(self, connection: psycopg.Connection) -> None:
        """Name the producers and batches as the connection's snapshot has them, in tables that it keeps.

        Temporary tables may be filled in a transaction that reads only, but not made there: see `create_scope`.
        """
        for step in ("clear_scope", "fill_producers", "fill_batches", "analyze_scope"):
            connection.execute(read_sql(f"proof/{step}"), self.bounds)


def create_scope(connection: psycopg.Connection) -> None:
    """Make the tables of a scope, outside of a transaction that reads only."""
    connection.execute(read_sql("proof/create_scope"))
