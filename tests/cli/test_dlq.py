"""Dead letters on the command line: what is printed, and what a person is told when it does not work."""

import io
import json
import re
import sys
from collections.abc import Iterator

import psycopg
import pytest
from tests.command import Command, Finished
from tests.database import Database
from tests.stream.sink_records import Feeder, trade

from marketpulse.events.codec import encode
from marketpulse.settings import STREAM


class Terminal:
    """`marketpulse dlq` on the test's database."""

    def __init__(self, command: Command, database: Database) -> None:
        self._command, self._database = command, database

    def dlq(self, *arguments: str) -> Finished:
        dsn = {"MARKETPULSE_OPERATIONS_DSN": self._database.operations_dsn}
        return self._command.run("dlq", *arguments, MARKETPULSE_KAFKA_BOOTSTRAP="127.0.0.1:1", **dsn)

    def ids(self, *arguments: str) -> list[str]:
        return [
            letter["dead_letter_id"] for letter in json.loads(self.dlq("list", "--json", *arguments).out)["letters"]
        ]


@pytest.fixture
def feeder(database: Database) -> Iterator[Feeder]:
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO ops.stream_run (stream, epoch, run_id, host, pid, started_at, seen_at)"
            " VALUES (%s, 1, gen_random_uuid(), 'here', 1, now(), now())",
            (STREAM,),
        )
    feeder = Feeder(database.owner_dsn, database.writer_dsn)
    feeder.land(encode(trade(1)).replace(b'"price":"10"', b'"price":"-10"'), b"junk apikey=sesame")
    yield feeder
    feeder.close()


@pytest.fixture
def terminal(command: Command, database: Database, feeder: Feeder) -> Terminal:
    return Terminal(command, database)


def test_list_and_show(terminal: Terminal) -> None:
    listed = terminal.dlq("list").out.splitlines()
    assert re.match(r"[0-9a-f]{12} open .* stock_analysis/0@0 p-1 number: price is '-10'", listed[0])
    assert listed[-1] == "2 dead letters: 1 open not_json, 1 open number"
    assert len(terminal.ids("--reason", "number")) == 1
    assert terminal.ids("--state", "replayed") == []
    shown = terminal.dlq("show", listed[1].split()[0])
    assert shown.status == 0
    assert shown.out.splitlines()[-1] == "junk apikey=***"


def test_fix_from_values_from_a_file_and_from_standard_input(
    terminal: Terminal, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    [letter_id] = terminal.ids("--reason", "number")
    said = terminal.dlq("fix", letter_id, "--set", "price=10", "--set", "extra.note=by hand", "--unset", "tape").out
    assert '"price":"10"' in said
    assert '"extra":{"note":"by hand"}' in said
    assert terminal.ids("--state", "fixed") == [letter_id]

    (command.folder / "event.json").write_bytes(encode(trade(2, price="11")))
    assert '"price":"11"' in terminal.dlq("fix", letter_id, "--file", "event.json").out
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(encode(trade(3, price="12")))))
        assert '"price":"12"' in terminal.dlq("fix", letter_id, "--file", "-").out
    assert "--full" not in terminal.dlq("show", letter_id).out


def test_accept_says_who_and_why(terminal: Terminal, feeder: Feeder) -> None:
    ids = terminal.ids()
    assert terminal.dlq("accept", *ids, "--because", "test data", "--by", "ops").out == "2 accepted\n"
    assert feeder.rows("SELECT DISTINCT reason, accepted_by FROM ops.dead_letter_acceptance") == [("test data", "ops")]
    assert terminal.dlq("list").out == "no dead letters\n"
    assert terminal.dlq("accept", *ids, "--because", "again").out.splitlines()[0] == "0 accepted"
    again = terminal.dlq("replay", ids[0]).out.splitlines()
    assert again[1].endswith("was accepted already")


def test_a_named_letter_that_stays_is_a_failure(terminal: Terminal) -> None:
    [letter_id] = terminal.ids("--reason", "not_json")
    done = terminal.dlq("replay", letter_id)
    assert (done.status, "stays: not_json" in done.out) == (1, True)
    assert terminal.dlq("replay").status == 0
    assert [one["reason"] for one in json.loads(terminal.dlq("replay", "--json").out)["unsent"]] == [
        "number",
        "not_json",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "0000ffff"], "no dead letter begins with 0000ffff: 'marketpulse dlq list' shows them"),
        (["show", "zz"], "'zz' is no id of a dead letter"),
        (["list", "--state", "lost"], "'lost' is no state of a dead letter"),
        (["list", "--date", "today"], "'today' is not a date: write it as 2026-11-20"),
        (["fix", "0000ffff"], "nothing to correct: give --set"),
        (["fix", "0000ffff", "--set", "price"], "--set price is not of the form path=value"),
        (["fix", "0000ffff", "--file", "absent.json"], "absent.json: No such file"),
        (["accept", "--because", "x"], "say which letters"),
    ],
)
def test_what_does_not_work_is_one_line(terminal: Terminal, arguments: list[str], said: str) -> None:
    assert said in terminal.dlq(*arguments).refusal
