"""The running Spark query as the driver watches it, with its disposable checkpoint."""

import logging
import shutil
from pathlib import Path

from py4j.protocol import Py4JError, Py4JNetworkError  # type: ignore[import-untyped]
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery

from marketpulse.stream.checkpoint import fresh_checkpoint
from marketpulse.stream.driver import ApplicationEndedError

logger = logging.getLogger(__name__)


class SparkQuery:
    """A query whose only effect is what its tasks do. The checkpoint is thrown away: the ledger is the position."""

    def __init__(self, query: StreamingQuery, spark: SparkSession, checkpoint: Path) -> None:
        self._query = query
        self._spark = spark
        self._checkpoint = checkpoint
        self.app_id: str = spark.sparkContext.applicationId

    def failure(self, wait_s: float) -> str | None:
        """See marketpulse.stream.driver.Query. Raises ApplicationEndedError when the JVM or the context is gone."""
        try:
            if not self._query.awaitTermination(wait_s):
                return None
        except StreamingQueryException as error:
            if not self._alive():
                raise ApplicationEndedError("the Spark application ended under the query") from None
            return str(error)
        except (Py4JError, Py4JNetworkError, OSError):
            raise ApplicationEndedError("the Spark driver's JVM is gone") from None
        if not self._alive():
            raise ApplicationEndedError("the Spark application ended: is the master running?")
        return "the query stopped by itself"

    def stop(self) -> None:
        try:
            self._query.stop()
        except (Py4JError, OSError, StreamingQueryException) as error:
            logger.debug("stopping: %s", error)
        shutil.rmtree(self._checkpoint, ignore_errors=True)

    def _alive(self) -> bool:
        try:
            return not self._spark.sparkContext._jsc.sc().isStopped()
        except (Py4JError, OSError, AttributeError):
            return False


def start(landed: DataFrame, *, name: str, trigger_ms: int) -> SparkQuery:
    """Start a query whose rows matter to nobody: the sink has written them when the task ends."""
    checkpoint = fresh_checkpoint(name)
    query = (
        landed.writeStream.format("noop")
        .queryName(name)
        .option("checkpointLocation", checkpoint.as_uri())
        .trigger(processingTime=f"{trigger_ms} milliseconds")
        .start()
    )
    return SparkQuery(query, landed.sparkSession, checkpoint)
