"""An equation whose places one query computes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from marketpulse.resources import read_sql
from marketpulse.warehouse.equation import Equation, Relation


@dataclass(frozen=True, slots=True)
class Account:
    """The name of an equation, what its two sides are called, and how they have to relate."""

    name: str
    left_name: str
    relation: Relation
    right_name: str


def summarised(
    connection: psycopg.Connection, account: Account, query: sql.Composable, parameters: Mapping[str, Any]
) -> Equation:
    """The equation over all rows (place, left_count, right_count) of a query."""
    summary = sql.SQL(read_sql("proof/summary")).format(account=query, relation=sql.SQL(account.relation))
    row = connection.execute(summary, parameters).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has a row
    left, right, offences, sample = row
    return Equation(
        name=account.name,
        left_name=account.left_name,
        relation=account.relation,
        right_name=account.right_name,
        left=left,
        right=right,
        offences=offences,
        offending=tuple(sample),
    )
