"""Airflow is pointed at its temporary home before anything imports it; its DAGs are read once."""

from typing import TYPE_CHECKING

import pytest
from tests.airflow_home import DAGS

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag


@pytest.fixture(scope="session")
def dagbag() -> "DagBag":
    """Every DAG of the repository, parsed as the DAG processor does it."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(DAGS))
