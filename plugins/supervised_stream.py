"""The task that keeps the Spark stream running: SparkSubmitOperator in client mode, with our own environment.

The environment is built while the task runs and is no template field, so no password is rendered or stored.
"""

# mypy: allow-subclassing-any
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from connection_settings import KAFKA, connection_settings

from marketpulse.errors import OperatorError


class SupervisedStreamOperator(SparkSubmitOperator):
    """Submits the stream and stays with it. A driver that ends with status 2 (a person must act) is not retried."""

    def execute(self, context: Any) -> None:
        settings = connection_settings(KAFKA, "marketpulse_writer")
        self.env_vars = {
            "MARKETPULSE_WRITER_DSN": settings.writer_dsn.get_secret_value(),
            "MARKETPULSE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
            "MARKETPULSE_MARKET_CLOCK": settings.market_clock,
        }
        try:
            super().execute(context)
        except AirflowException as error:
            submitted = getattr(self._hook, "_submit_sp", None)
            if submitted is not None and submitted.returncode == OperatorError.exit_status:
                raise AirflowFailException(f"the stream needs a person: {error}") from None
            raise
        raise AirflowException("the stream ended by itself; it is started again")
