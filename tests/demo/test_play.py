"""What a demo would play is decided, and refused, before anything is started."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.command import Command

from marketpulse.demo.play import Demo, choose
from marketpulse.events.session import calendar

TAPE = Path(__file__).parents[1] / "data" / "bac_20131007_trades.csv.gz"
HEADER = "time,price,size,exchange,conditions\n"
TRADE = HEADER + "2013-10-07T10:00:00,1,100,,\n"


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (HEADER + "2013-10-07T10:00:00,abc,100,,\n", ("--symbol", "BAC"), "line 2: not a number"),
        ("a,b\n", ("--symbol", "BAC"), "tape.csv has no column price, size, time"),
        (HEADER, ("--symbol", "BAC"), "holds no trades"),
        (HEADER + "2013-10-06T10:00:00,1,100,,\n", ("--symbol", "BAC"), "2013-10-06 of the tape is not a trading day"),
        (TRADE, ("--symbol", "bac!"), "symbol 'bac!' is not usable"),
        (
            TRADE,
            ("--symbol", "BAC", "--timezone", "Mars"),
            "unknown timezone 'Mars'",
        ),
        (TRADE, (), "a tape needs its symbol"),
        (None, ("--symbol", "BAC"), "tape.csv cannot be read"),
    ],
)
def test_a_tape_that_cannot_be_played_starts_nothing(
    command: Command, content: str | None, options: tuple[str, ...], said: str
) -> None:
    if content is not None:
        (command.folder / "tape.csv").write_text(content)
    assert said in command.run("demo", "--tape", "tape.csv", *options).refusal
    assert not command.state.exists()


def test_a_day_that_cannot_be_played_starts_nothing(command: Command) -> None:
    assert "is not a trading day" in command.run("demo", "--date", "2026-11-21").refusal
    tomorrow = calendar("XNYS").last_completed(datetime.now(UTC)).trading_date + timedelta(days=1)
    while calendar("XNYS").session(tomorrow) is None:
        tomorrow += timedelta(days=1)
    assert "is not over" in command.run("demo", "--date", tomorrow.isoformat()).refusal
    assert not command.state.exists()


def test_a_recorded_day_is_played_under_a_feed_of_its_own() -> None:
    play = choose(Demo(tape=TAPE, symbol="BAC"))
    assert (play.session.trading_date.isoformat(), play.feed, play.symbols) == ("2013-10-07", "tape", ("BAC",))
    assert play.tape is not None
    assert play.tape.path == str(TAPE)


def test_the_generated_day_is_the_last_one_that_is_over() -> None:
    play = choose(Demo())
    assert play.session.post_close_at < datetime.now(UTC)
    assert play.feed == "sip"
    assert play.tape is None
