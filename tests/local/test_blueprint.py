"""The wiring of a stack: settings and environment of its processes, and the files it writes for people."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.local.stored_stack import blueprint

from marketpulse.local import stack
from marketpulse.local.pipeline_dags import PIPELINE_DAGS, PRODUCER_DAG, STREAM_DAG, beside_the_stream
from marketpulse.local.plan import load_plan, save_plan
from marketpulse.local.postgres import discard_outside
from marketpulse.local.power_bi import write_pbids
from marketpulse.settings import load_settings

STATE = "it's a state"


@pytest.fixture(autouse=True)
def _nothing_outside(tmp_path: Path) -> Iterator[None]:
    """Under root, Postgres cannot reach pytest's folder and its data lies elsewhere."""
    yield
    for state in (tmp_path, tmp_path / STATE):
        discard_outside(state, keep=None)


def test_the_command_line_reads_what_the_stack_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = blueprint(tmp_path / STATE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MARKETPULSE_STATE_DIR", str(made.layout.state))
    stack.write_stack_env(made)
    assert made.layout.stack_env.stat().st_mode & 0o777 == 0o600
    settings = load_settings()
    assert settings.kafka_bootstrap == "127.0.0.1:19092"
    assert settings.owner_dsn.get_secret_value() == made.dsn("owner")
    assert settings.backup_dir == str(made.layout.backups)
    assert settings.market_clock == made.control_url
    assert settings.synthetic


def test_with_a_real_provider_its_settings_stay_a_persons(tmp_path: Path) -> None:
    made = blueprint(tmp_path, simulated=False)
    env_file = tmp_path / ".env"
    env_file.write_text("API_KEY=mine\nMARKETPULSE_FEED=sip\nOTHER=hidden\n")
    environment = made.environment(base={"PATH": "/bin"}, env_file=env_file)
    assert environment["API_KEY"] == "mine"
    assert environment["MARKETPULSE_FEED"] == "sip"
    assert "MARKETPULSE_PROVIDER_URL" not in environment
    assert "OTHER" not in environment


def test_the_simulated_market_wins_over_a_persons_key(tmp_path: Path) -> None:
    made = blueprint(tmp_path)
    environment = made.environment(base={"PATH": "/bin", "API_KEY": "mine", "AIRFLOW__CORE__PARALLELISM": "99"})
    assert environment["MARKETPULSE_API_KEY"] == "premium-local"
    assert environment["MARKETPULSE_PROVIDER_URL"].startswith("http://127.0.0.1:")
    assert environment["AIRFLOW__CORE__PARALLELISM"] != "99"


def test_postgres_does_not_see_the_secrets_of_the_others(tmp_path: Path) -> None:
    made = blueprint(tmp_path)
    command = next(program.command for program in made.programs() if program.name == "postgres")
    assert command[:2] == ("env", "-i")
    assert made.credentials.superuser not in " ".join(command)


def test_the_simulator_keeps_its_clock_over_a_crash(tmp_path: Path) -> None:
    made = blueprint(tmp_path)
    command = next(program.command for program in made.programs() if program.name == "simulator")
    assert command[command.index("--state") + 1] == str(made.layout.simulator_state)
    assert made.layout.simulator_state.parent == tmp_path


def test_every_program_has_a_name_of_its_own(tmp_path: Path) -> None:
    names = [program.name for program in blueprint(tmp_path).programs()]
    assert len(set(names)) == len(names) == 11


def test_the_simulator_runs_only_where_it_is_the_market(tmp_path: Path) -> None:
    names = [program.name for program in blueprint(tmp_path, simulated=False).programs()]
    assert "simulator" not in names
    assert len(names) == 10


@pytest.mark.parametrize(
    ("simulated", "schedule", "producing"),
    [(True, "manual", True), (False, "session", True), (False, "continuous", True), (False, "manual", False)],
)
def test_a_producer_with_a_schedule_is_set_going(simulated: bool, schedule: str, producing: bool) -> None:
    unpaused = {STREAM_DAG, *beside_the_stream(simulated=simulated, producer_schedule=schedule)}
    assert unpaused == set(PIPELINE_DAGS) - (set() if producing else {PRODUCER_DAG})


def test_components_talk_to_each_other_without_a_proxy(tmp_path: Path) -> None:
    base = {"PATH": "/bin", "HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "intranet,localhost"}
    environment = blueprint(tmp_path).environment(base=base)
    assert environment["HTTP_PROXY"] == "http://proxy:3128"
    assert environment["NO_PROXY"] == environment["no_proxy"] == "intranet,localhost,127.0.0.1"


def test_options_that_spark_splits_at_spaces_hold_no_path(tmp_path: Path) -> None:
    programs = blueprint(tmp_path / "a state").spark.programs()
    assert not [value for program in programs for value in program.environment.values() if str(tmp_path) in value]


def test_a_plan_is_kept_and_an_unreadable_one_is_none(tmp_path: Path) -> None:
    plan = blueprint(tmp_path).plan
    save_plan(tmp_path / "plan.json", plan)
    assert load_plan(tmp_path / "plan.json") == plan
    (tmp_path / "plan.json").write_text('{"ports": 1}')
    assert load_plan(tmp_path / "plan.json") is None


def test_the_power_bi_file_names_server_and_database(tmp_path: Path) -> None:
    write_pbids(tmp_path / "m.pbids", server="127.0.0.1:15432", database="marketpulse")
    (connection,) = json.loads((tmp_path / "m.pbids").read_text())["connections"]
    assert connection["details"] == {
        "protocol": "postgresql",
        "address": {"server": "127.0.0.1:15432", "database": "marketpulse"},
    }
