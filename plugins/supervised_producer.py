"""The task that keeps one producer process alive for a trading session.

Airflow's supervisor heartbeats for a hung task, so the child is watched by its own progress lines. Promises:
- The task ends in success only when the child said that the session is complete (exit 0).
- A stop by signal ends in an exception: Airflow would record a quiet return after SIGTERM as success.
- A fault restarts the child in place, with backoff; a configuration error or a held lease fails the task at once.
"""

# mypy: allow-subclassing-any
import logging
import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from connection_settings import connection_settings

logger = logging.getLogger(__name__)


class SupervisedProducerOperator(BaseOperator):
    """Runs `marketpulse produce` for the session that the run's Params, or else its data interval, name."""

    template_fields: Sequence[str] = ()

    def execute(self, context: Any) -> None:
        raise AirflowFailException("not wired yet")
