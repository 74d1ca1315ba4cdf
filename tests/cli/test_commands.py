"""What a person sees when something is wrong: one line that says what to do, never a traceback."""

import fcntl

import pytest
from tests.command import Command


@pytest.mark.parametrize("name", ["up", "demo"])
@pytest.mark.parametrize(
    ("variable", "value"), [("MARKETPULSE_POLL_INTERVAL_S", "abc"), ("MARKETPULSE_PRODUCER_SCHEDULE", "daily")]
)
def test_a_bad_setting_is_named_before_anything_starts(command: Command, name: str, variable: str, value: str) -> None:
    assert variable in command.run(name, **{variable: value}).refusal
    assert not command.state.exists()


@pytest.mark.parametrize("name", ["up", "health", "topics"])
def test_an_env_file_in_another_encoding_is_named(command: Command, name: str) -> None:
    (command.folder / ".env").write_bytes("MARKETPULSE_FEED=caf\xe9\n".encode("latin-1"))
    assert ".env is not text in UTF-8" in command.run(name).refusal


@pytest.mark.parametrize("name", ["up", "demo", "down", "status"])
def test_a_state_folder_that_is_a_file_is_named(command: Command, name: str) -> None:
    command.state.touch()
    assert str(command.state) in command.run(name).refusal


@pytest.mark.parametrize(
    ("name", "file"), [("down", "secrets.json"), ("status", "secrets.json"), ("status", "stack.json")]
)
def test_a_file_of_the_state_folder_that_cannot_be_read_is_named(command: Command, name: str, file: str) -> None:
    (command.state / file).mkdir(parents=True)
    assert f"{command.state / file} cannot be used" in command.run(name).refusal


def test_any_other_unusable_file_is_named_too(command: Command) -> None:
    (command.state / "logs" / "kafka.log").mkdir(parents=True)
    assert "kafka.log: Is a directory" in command.run("logs", "kafka").refusal


def test_without_a_stack_there_is_nothing_to_stop_or_to_show(command: Command) -> None:
    stopped = command.run("down")
    assert (stopped.status, stopped.out) == (0, "nothing was running\n")
    assert command.run("status").refusal == "marketpulse: not running: make up"
    assert not command.state.exists()


@pytest.mark.parametrize(("file", "name"), [("demo.lock", "demo"), ("up.lock", "up")])
def test_what_is_under_way_already_is_not_begun_twice(command: Command, file: str, name: str) -> None:
    command.state.mkdir()
    with (command.state / file).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert f"another {name!r}" in command.run(name).refusal


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("simulate", "--control-port", "99999"), "--control-port"),
        (("rollup", "--from", "2026-11-20", "--to", "2026-11-19"), "2026-11-20 is after 2026-11-19"),
        (("prove", "--from", "2026-11-20", "--to", "2026-11-19"), "2026-11-20 is after 2026-11-19"),
        (("migrate", "plan"), "MARKETPULSE_OWNER_DSN is empty"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(command: Command, arguments: tuple[str, ...], said: str) -> None:
    assert said in command.run(*arguments).refusal
