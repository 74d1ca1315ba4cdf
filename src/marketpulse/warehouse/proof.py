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
from marketpulse.warehouse.minute_bars import bars_recomputed
from marketpulse.warehouse.rollups_recomputed import rollups_recomputed
from marketpulse.warehouse.sweeps import unswept_sessions
from marketpulse.warehouse.topic_ends import TopicEnds, topic_ends
from marketpulse.warehouse.truth import landed_against_truth

_SETTLE_POLL_S = 0.25
_LONGEST_SETTLE = 10


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What `prove` found. The dates bound the equations on bars, rollups and truth; all others hold for all time.

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


ACCOUNTS = (
    Account("poll_records", "records fetched", "=", "published + repeated + rejected"),
    Account("poll_sequences", "published and rejected by polls", "=", "numbers acknowledged by the broker"),
    Account("acknowledged_landed", "highest numbers that landed or were lost", ">=", "highest numbers acknowledged"),
    Account("sequences_complete", "numbered records read by the stream", "=", "highest numbers seen"),
    Account("sequences_continuous", "batches by producer", "=", "batches that continue the numbers"),
    Account("offsets_continuous", "batches", "=", "batches that continue the offsets"),
    Account("ledger_position", "next offsets of the ledger", "=", "ends of the last batches"),
    Account("offsets_accounted", "offsets passed", "=", "landed + duplicate + superseding + dead letters + lost"),
    Account("sources_accounted", "outcomes by batch", "=", "outcomes by source"),
    Account("facts_recounted", "versions of facts in the tables", "=", "landed + superseding"),
    Account("dead_letters_recounted", "dead letters in the table", "=", "dead-lettered"),
)


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
    ends = topic_ends(kafka_bootstrap) if kafka_bootstrap else None
    with outages(dsn), connect(dsn, application_name="proof", autocommit=True) as connection:
        until_poll_id = _settled(connection, ends, settle_s)
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            equations = _equations(connection, until_poll_id, ends, date_from, date_to, truth_url)
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
            "date_from": date_from,
            "date_to": date_to,
            "balanced": proof.balanced,
            "equations": Jsonb(msgspec.to_builtins(equations)),
        }
        connection.execute(read_sql("proof/insert_proof"), values)
    return proof


def _settled(connection: psycopg.Connection, ends: TopicEnds | None, settle_s: float) -> int:
    """Wait until what is known now has landed, or nothing lands for so long; returns the newest poll of the start."""
    row = connection.execute(read_sql("proof/select_newest_poll")).fetchone()
    until_poll_id = int(row[0]) if row else 0
    landed = next(account for account in ACCOUNTS if account.name == "acknowledged_landed")
    reached: list[Decimal] = []
    end_s = time.monotonic() + settle_s
    # Later traffic lands too and would pass for progress: a record that is lost must not be waited for without end.
    longest_s = time.monotonic() + _LONGEST_SETTLE * settle_s
    while time.monotonic() < min(end_s, longest_s):
        equations = [_account(connection, landed, {"until_poll_id": until_poll_id})]
        if ends is not None:
            equations.append(_kafka_drained(connection, ends))
        if all(equation.balanced for equation in equations):
            break
        if reached != (reached := [equation.left for equation in equations]):
            end_s = time.monotonic() + settle_s
        time.sleep(_SETTLE_POLL_S)
    return until_poll_id


def _equations(
    connection: psycopg.Connection,
    until_poll_id: int,
    ends: TopicEnds | None,
    date_from: date | None,
    date_to: date | None,
    truth_url: str | None,
) -> tuple[Equation, ...]:
    equations = [_account(connection, account, {"until_poll_id": until_poll_id}) for account in ACCOUNTS]
    if ends is not None:
        equations.append(_kafka_drained(connection, ends))
    bounds = {"date_from": date_from, "date_to": date_to}
    recorded = connection.execute(read_sql("rollups/select_range"), bounds)
    days = [(trading_date, symbols) for trading_date, symbols, is_sealed in recorded if not is_sealed]
    dates = [trading_date for trading_date, _ in days]
    equations.append(bars_recomputed(connection, dates))
    equations.append(rollups_recomputed(connection, days))
    if truth_url is not None:
        equations.extend(landed_against_truth(connection, dates, truth_url))
    return tuple(equations)


def _account(connection: psycopg.Connection, account: Account, parameters: Mapping[str, Any]) -> Equation:
    return summarised(connection, account, sql.SQL(read_sql(f"proof/{account.name}")), parameters)


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
