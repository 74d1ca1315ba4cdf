"""The task that keeps the Spark stream running: SparkSubmitOperator in client mode, with our own environment.

Everything that depends on settings or Connections is put together while the task runs and is no template field, so no
password is rendered, stored or shown.
"""

from functools import partial
from pathlib import Path
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from connection_settings import KAFKA, SPARK, WRITER, command_path, connection_settings
from marketpulse.child_process import die_with_parent
from marketpulse.errors import OperatorError
from marketpulse.settings import STREAM, Settings
from marketpulse.stream.submission import submission_conf

APPLICATION = str(Path(__file__).resolve().parents[1] / "spark_apps" / "stock_stream.py")


class SupervisedStreamOperator(SparkSubmitOperator):
    """Submits the stream and stays with it. A driver that ends with status 2 (a person must act) is not retried."""

    def __init__(self, *, application: str = APPLICATION, name: str = STREAM, **kwargs: Any) -> None:
        super().__init__(application=application, name=name, **kwargs)

    template_fields = tuple(name for name in SparkSubmitOperator.template_fields if name not in ("conf", "env_vars"))

    def execute(self, context: Any) -> None:
        # Spark's too: without that Connection the operator would fall back to a YARN cluster in silence.
        settings = connection_settings(KAFKA, SPARK, WRITER)
        self.conf: dict[str, str] = {**submission_conf(settings), **(self.conf or {})}
        self.env_vars = stream_environment(settings)
        try:
            super().execute(context)
        except AirflowException as error:
            if self._exit_status() == OperatorError.exit_status:
                raise AirflowFailException(f"the stream cannot work until this is corrected: {error}") from None
            raise
        raise AirflowException("the stream ended by itself; it is started again")

    def _get_hook(self) -> Any:
        # A task that is killed outright takes its driver along: nothing keeps the cores, and Airflow, which waits for
        # every process that holds the task's output, notices at once.
        hook = super()._get_hook()
        hook.submit = partial(hook.submit, preexec_fn=die_with_parent())
        return hook

    def on_kill(self) -> None:
        # Before the submission there is nothing to kill, and no connection should be asked for in a signal handler.
        if self._hook is not None:
            super().on_kill()

    def _exit_status(self) -> int | None:
        submitted = getattr(self._hook, "_submit_sp", None)
        return None if submitted is None else submitted.returncode


def stream_environment(settings: Settings) -> dict[str, str]:
    """What the driver reads: where records come from, where rows go, and which clock the market keeps."""
    return {
        "PATH": command_path(),
        "MARKETPULSE_WRITER_DSN": settings.writer_dsn.get_secret_value(),
        "MARKETPULSE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "MARKETPULSE_MARKET_CLOCK": settings.market_clock,
    }
