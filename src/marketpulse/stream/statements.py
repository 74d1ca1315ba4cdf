"""The stream's statements by name, and the connection that runs them."""

from functools import cache
from typing import Any

import psycopg
from psycopg.sql import SQL

from marketpulse.resources import read_sql

Connection = psycopg.Connection[Any]


@cache
def sql(name: str) -> str:
    """The text of `include/sql/stream/<name>.sql`, with the columns of an event where it leaves room for them."""
    columns = event_columns()
    return (
        SQL(read_sql(f"stream/{name}"))
        .format(
            event_columns=SQL(", ".join(columns)),
            incoming_event_columns=SQL(", ".join(f"incoming.{column}" for column in columns)),
        )
        .as_string()
    )


def event_columns() -> tuple[str, ...]:
    """The columns that the stream writes of every version of a fact, in the order of `copy_line`."""
    lines = read_sql("stream/event_columns").splitlines()
    return tuple(line.rstrip(",") for line in lines if line and not line.startswith("--"))
