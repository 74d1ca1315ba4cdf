import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

import supervised_stream
from supervised_stream import SupervisedStreamOperator

FAKE_SPARK_SUBMIT = """#!/bin/sh
printf '%s\\n' "$@" > "{folder}/argv"
env > "{folder}/environment"
echo "a line of the driver"
exit {status}
"""


@pytest.fixture
def spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connections: None) -> Path:
    """A folder with a fake spark-submit in front of PATH and a fake connector."""
    jars = tmp_path / "jars"
    jars.mkdir()
    (jars / "spark-sql-kafka-0-10_2.13-4.2.0.jar").touch()
    monkeypatch.setenv("MARKETPULSE_SPARK_JARS_DIR", str(jars))
    monkeypatch.setattr(supervised_stream, "command_path", lambda: f"{tmp_path}{os.pathsep}{os.defpath}")
    return tmp_path


def submit(folder: Path, status: int) -> None:
    script = folder / "spark-submit"
    script.write_text(FAKE_SPARK_SUBMIT.format(folder=folder, status=status))
    script.chmod(0o755)
    operator = SupervisedStreamOperator(task_id="stream")
    try:
        operator.execute({})
    finally:
        # The provider's hook leaves the pipe open.
        operator._hook._submit_sp.stdout.close()


def test_it_submits_our_application_to_the_connection_s_master_in_client_mode(spark: Path) -> None:
    # A stream that ends by itself is started again.
    with pytest.raises(AirflowException, match="ended by itself"):
        submit(spark, status=0)
    argv = (spark / "argv").read_text().splitlines()
    assert argv[argv.index("--master") + 1] == "spark://127.0.0.1:17077"
    assert Path(argv[-1]).name == "stock_stream.py"
    assert "spark.cores.max=2" in argv
    environment = (spark / "environment").read_text()
    assert "MARKETPULSE_KAFKA_BOOTSTRAP=127.0.0.1:19092" in environment
    assert "wr%2Fiter-secret@127.0.0.1:15432" in environment


def test_no_password_is_in_the_command_or_in_what_airflow_renders(spark: Path) -> None:
    with pytest.raises(AirflowException):
        submit(spark, status=0)
    assert "secret" not in (spark / "argv").read_text()
    operator = SupervisedStreamOperator(task_id="stream")
    assert not {"env_vars", "conf"} & set(operator.template_fields)
    rendered: dict[str, Any] = {name: getattr(operator, name) for name in operator.template_fields}
    assert "secret" not in str(rendered)


def test_a_status_that_needs_a_person_fails_the_task(spark: Path) -> None:
    with pytest.raises(AirflowFailException, match="a line of the driver"):
        submit(spark, status=2)


@pytest.mark.parametrize("status", [1, 4, 75])
def test_any_other_end_is_tried_again(spark: Path, status: int) -> None:
    with pytest.raises(AirflowException) as raised:
        submit(spark, status=status)
    assert not isinstance(raised.value, AirflowFailException)
    assert "secret" not in str(raised.value)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's own")
def test_a_task_that_is_killed_outright_takes_its_driver_along(spark: Path) -> None:
    """No orphan keeps the cores."""
    script, pid_file = spark / "spark-submit", spark / "pid"
    script.write_text(f'#!/bin/sh\necho $$ > "{pid_file}"\nexec sleep 600\n')
    script.chmod(0o755)
    task = (
        "import supervised_stream as plugin;"
        f"plugin.command_path = lambda: {str(spark) + os.pathsep + os.defpath!r};"
        "plugin.SupervisedStreamOperator(task_id='stream').execute({})"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(supervised_stream.__file__).parent)}
    parent = subprocess.Popen([sys.executable, "-c", task], env=environment, stdout=subprocess.DEVNULL)
    eventually(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
    driver = psutil.Process(int(pid_file.read_text()))
    parent.kill()
    parent.wait()
    eventually(lambda: has_ended(driver))


def has_ended(process: psutil.Process) -> bool:
    try:
        # A zombie that nobody reaps yet is as dead as it gets.
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
