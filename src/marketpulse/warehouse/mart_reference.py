"""The reference of the mart, docs/mart.md: what the database's own comments say about every view and column."""

from dataclasses import dataclass
from itertools import groupby

from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages

_HEADING = """\
# The mart

The schema `mart` holds views only and is all that the role `marketpulse_reader` sees. Everything in it can be asked for
with SQL; Power BI and the HTML report read the same views.

* **Times** are plain timestamps in UTC; a name that ends in `_local` tells the exchange's own clock.
* **Prices** are as traded, unless the name begins with `adj_`; whatever spans days is split-adjusted.
* **Volumes** add up within one `volume_scope` and one `feed` only. A VWAP over several rows is
  `sum(notional) / sum(volume)`.
* **Limits of the role**: it cannot write; a query that runs longer than `MARKETPULSE_READER_STATEMENT_TIMEOUT_S` (60 s)
  ends with `canceling statement due to statement timeout`: ask for fewer days or symbols. At most
  `MARKETPULSE_READER_CONNECTIONS` (20) connections are open at a time; one that asks nothing for 30 minutes
  is closed.

This file is printed by `marketpulse mart-reference` from the comments in the database, which are in
`include/sql/mart/`, one file a view. A test compares the two.
"""


@dataclass(frozen=True, slots=True)
class _Column:
    view: str
    view_comment: str | None
    name: str
    type_name: str
    comment: str | None


def as_markdown(dsn: str) -> str:
    """The whole reference. `dsn` is the reader's, so that what it cannot see is not promised."""
    with outages(dsn), connect(dsn, application_name="reference", autocommit=True) as connection:
        columns = [_Column(*row) for row in connection.execute(read_sql("maintenance/select_mart_columns"))]
        functions = connection.execute(read_sql("maintenance/select_mart_functions")).fetchall()
    parts = [_HEADING]
    for view, own in groupby(columns, key=lambda column: column.view):
        parts.append(_view(view, list(own)))
    if functions:
        parts.append("## Functions\n")
        parts.extend(
            f"`{signature}`\n\n{comment or ''}\n\nReturns `{result}`.\n" for signature, result, comment in functions
        )
    return "\n".join(parts)


def _view(name: str, columns: list[_Column]) -> str:
    lines = [f"## {name}", "", columns[0].view_comment or "", "", "| column | type | meaning |", "|---|---|---|"]
    lines += [f"| `{column.name}` | {_type(column.type_name)} | {_cell(column.comment or '')} |" for column in columns]
    return "\n".join(lines) + "\n"


def _type(name: str) -> str:
    return name.replace("timestamp without time zone", "timestamp")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
