"""Proof of conservation: everything fetched was published, everything published landed, was a duplicate, superseded
another version, or is a dead letter. Computed from stored facts in one snapshot, and stored itself in ops.proof.
"""

import time
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import psycopg
from psycopg import IsolationLevel, sql
from psycopg.types.json import Jsonb

from marketpulse.broker.topic import End
from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect, outages
from marketpulse.warehouse.account import Account, summarised
from marketpulse.warehouse.equation import Equation, Tally
from marketpulse.warehouse.minute_bars import compare_bars
from marketpulse.warehouse.rollups_from_bars import compare_rollups
from marketpulse.warehouse.rollups_recomputed import rollups_recomputed
from marketpulse.warehouse.scope import Scope, create_scope
from marketpulse.warehouse.second_engine import second_engine
from marketpulse.warehouse.sequences import sequences
from marketpulse.warehouse.sweeps import unswept_sessions
from marketpulse.warehouse.topic_ends import TopicEnds, topic_ends
from marketpulse.warehouse.truth import landed_against_truth

_SETTLE_POLL_S = 0.25
_LONGEST_SETTLE = 10


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What `prove` found. The dates bound the equations on bars, rollups and truth to those days, and the others to the
    producers and batches of those days; the ledger's and Kafka's positions are today's.

    `unproven` says what no equation can: which sessions of these dates nobody read again, so that what the provider
    told late is unknown to us. It contradicts nothing.
    """

    proved_at: datetime
    date_from: date | None
    date_to: date | None
    equations: tuple[Equation, ...]
    unproven: tuple[str, ...] = ()

    @property
    def balanced(self) -> bool:
        return all(equation.balanced for equation in self.equations)


POLLS = (
    Account("poll_records", "records on the wire", "=", "published + repeated + rejected + set aside"),
    Account("poll_sequences", "published and rejected by polls", "=", "numbers acknowledged by the broker"),
)
BATCHES = (
    Account("offsets_continuous", "batches", "=", "batches that continue the offsets"),
    Account("ledger_position", "next offsets of the ledger", "=", "ends of the last batches"),
    Account("offsets_accounted", "offsets passed", "=", "landed + duplicate + superseding + dead letters + lost"),
    Account("sources_accounted", "outcomes by batch", "=", "outcomes by source"),
    Account("days_accounted", "versions landed by batch", "=", "versions landed by day"),
    Account("facts_recounted", "versions of facts in the tables", "=", "landed + superseding"),
    Account("dead_letters_recounted", "dead letters in the table", "=", "dead-lettered"),
    Account("replays_landed", "dead letters replayed", "=", "events of theirs that the stream has taken"),
)
_AWAITED = Account("landing_awaited", "highest numbers that landed", ">=", "highest numbers acknowledged")


def prove(
    dsn: str,
    *,
    date_from: date | None = None,
    date_to: date | None = None,
    truth_url: str | None = None,
    kafka_bootstrap: str | None = None,
    settle_s: float = 30.0,
) -> Proof:
    """Check every equation, store the proof and return it, balanced or not. `dsn` is the operations role's.

    The stream may be at work: what was acknowledged (and, with `kafka_bootstrap`, is in Kafka) when the proof began has
    to land; it is waited for while anything lands within `settle_s`, at most ten times as long. `truth_url` is the
    simulator's control address. Without dates all kept days are checked.
    Raises RetriableError when Postgres, Kafka or the simulator does not answer.
    """
    scope = Scope(date_from, date_to)
    ends = topic_ends(kafka_bootstrap) if kafka_bootstrap else None
    with outages(dsn), connect(dsn, application_name="proof", autocommit=True) as connection:
        create_scope(connection)
        scope.fill(connection)
        until_poll_id = _settled(connection, ends, settle_s)
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            scope.fill(connection)
            equations = _equations(connection, until_poll_id, ends, scope, truth_url)
            unproven = tuple(
                f"{session.summary}; {session.remedy}" for session in unswept_sessions(connection, date_from, date_to)
            )
            proved_at = connection.execute(read_sql("proof/select_now")).fetchone()
            if kafka_bootstrap:
                # Asked after the snapshot: the stream cannot have landed what is not in Kafka by now.
                equations += (_kafka_holds(connection, topic_ends(kafka_bootstrap)),)
        connection.read_only = False
        assert proved_at is not None  # noqa: S101 - a row by construction
        proof = Proof(
            proved_at=proved_at[0], date_from=date_from, date_to=date_to, equations=equations, unproven=unproven
        )
        values = {
            **scope.bounds,
            "balanced": proof.balanced,
            "equations": Jsonb(msgspec.to_builtins(equations)),
        }
        connection.execute(read_sql("proof/insert_proof"), values)
    return proof


def _settled(connection: psycopg.Connection, ends: TopicEnds | None, settle_s: float) -> int:
    """Wait until what is known now has landed, or nothing lands for so long; returns the newest poll of the start."""
    row = connection.execute(read_sql("proof/select_newest_poll")).fetchone()
    until_poll_id = int(row[0]) if row else 0
    reached: list[Decimal] = []
    end_s = time.monotonic() + settle_s
    # Later traffic lands too and would pass for progress: a record that is lost must not be waited for without end.
    longest_s = time.monotonic() + _LONGEST_SETTLE * settle_s
    while time.monotonic() < min(end_s, longest_s):
        equations = [_account(connection, _AWAITED, {"until_poll_id": until_poll_id})]
        if ends is not None:
            equations.append(_kafka_drained(connection, ends))
        if all(equation.balanced for equation in equations):
            break
        if reached != (reached := [equation.left for equation in equations]):
            end_s = time.monotonic() + settle_s
        time.sleep(_SETTLE_POLL_S)
    return until_poll_id


def _equations(
    connection: psycopg.Connection, until_poll_id: int, ends: TopicEnds | None, scope: Scope, truth_url: str | None
) -> tuple[Equation, ...]:
    numbers = sequences(connection, until_poll_id)
    parameters = {**scope.bounds, "until_poll_id": until_poll_id}
    equations = [_account(connection, account, parameters) for account in POLLS]
    equations += (numbers.acknowledged_landed(), *numbers.equations())
    equations += [_account(connection, account, parameters) for account in BATCHES]
    if ends is not None:
        equations.append(_kafka_drained(connection, ends))
    recorded = connection.execute(read_sql("rollups/select_range"), scope.bounds).fetchall()
    days = [(trading_date, symbols) for trading_date, symbols, is_sealed in recorded if not is_sealed]
    equations += _recomputed(connection, [trading_date for trading_date, _ in days])
    equations.append(rollups_recomputed(connection, days))
    if truth_url is not None:
        equations.extend(landed_against_truth(connection, [trading_date for trading_date, _ in days], truth_url))
    return tuple(equations)


def _recomputed(connection: psycopg.Connection, trading_dates: list[date]) -> tuple[Equation, ...]:
    """What the second engine makes of the facts, day by day."""
    bars, rollup_bars, rollup_days = Tally(), Tally(), Tally()
    with second_engine(connection) as engine:
        for trading_date in trading_dates:
            compare_bars(engine, bars, trading_date)
            compare_rollups(engine, rollup_bars, rollup_days, trading_date)
    return (
        bars.equation("bars_recomputed", "bars stored or due", "bars equal to their recomputation from the events"),
        rollup_bars.equation(
            "rollup_bars_from_minutes", "longer bars stored or due", "equal to those of their minutes"
        ),
        rollup_days.equation("rollup_days_from_minutes", "days stored or due", "equal to those of their minutes"),
    )


def _account(connection: psycopg.Connection, account: Account, parameters: Mapping[str, Any]) -> Equation:
    query = sql.SQL(read_sql(f"proof/{account.name}"))
    parts = {name: sql.SQL(read_sql(f"proof/{name}")) for name in ("followed_batches", "select_acknowledged")}
    return summarised(connection, account, query.format(**parts), parameters)


def _kafka_drained(connection: psycopg.Connection, ends: TopicEnds) -> Equation:
    ledger = _ledger(connection)
    tally = Tally(">=")
    for (topic, partition), end in sorted(ends.items()):
        stands = ledger.get((topic, partition))
        # A position in the topic that was there before says nothing about the one of today.
        reached = stands.offset if stands is not None and stands.topic_id == end.topic_id else 0
        tally.add(f"{topic}/{partition}", reached, end.offset)
    return tally.equation("kafka_drained", "next offsets of the ledger", "ends of the topics when the proof began")


def _kafka_holds(connection: psycopg.Connection, ends: TopicEnds) -> Equation:
    """A topic that was lost ends nowhere, one that was made anew holds nothing of what the ledger passed."""
    tally = Tally(">=")
    for (topic, partition), stands in sorted(_ledger(connection).items()):
        end = ends.get((topic, partition))
        held = end.offset if end is not None and end.topic_id == stands.topic_id else 0
        tally.add(f"{topic}/{partition}", held, stands.offset)
    return tally.equation("kafka_holds", "ends of the topics when the proof ended", "next offsets of the ledger")


def _ledger(connection: psycopg.Connection) -> TopicEnds:
    return {
        (topic, partition): End(topic_id, next_offset)
        for topic, partition, topic_id, next_offset in connection.execute(read_sql("proof/select_ledger"))
    }
