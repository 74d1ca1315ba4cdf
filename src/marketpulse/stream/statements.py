"""The stream's statements by name, and the connection that runs them."""

from typing import Any

import psycopg

from marketpulse.resources import read_sql

Connection = psycopg.Connection[Any]


def sql(name: str) -> str:
    """The text of `include/sql/stream/<name>.sql`."""
    return read_sql(f"stream/{name}")
