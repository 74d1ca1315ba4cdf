"""The pipeline's DAGs, and which of them a start sets going."""

STREAM_DAG = "market_stream"
PRODUCER_DAG = "market_producer"
ROLLUPS_DAG = "daily_rollups"
# The stream first: it takes longest to start.
PIPELINE_DAGS = (STREAM_DAG, PRODUCER_DAG, "pipeline_health", ROLLUPS_DAG, "maintenance", "schema_migrations")


def beside_the_stream(*, simulated: bool, producer_schedule: str) -> tuple[str, ...]:
    """What is unpaused once the stream is ready.

    Without a schedule the producer's DAG is a person's to unpause, except for the simulated market: the demo runs it.
    """
    paused = {STREAM_DAG} if simulated or producer_schedule != "manual" else {STREAM_DAG, PRODUCER_DAG}
    return tuple(dag_id for dag_id in PIPELINE_DAGS if dag_id not in paused)
