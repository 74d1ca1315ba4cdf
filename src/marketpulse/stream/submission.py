"""How the stream is submitted: the application, and the Spark settings that keep it small and correct.

Imports no Spark, so that a DAG can read it.
"""

import sys
from pathlib import Path

from marketpulse.errors import OperatorError
from marketpulse.resources import include_path
from marketpulse.settings import Settings

EXECUTOR_MEMORY = "1g"
DRIVER_MEMORY = "700m"

# Neither side holds data for long; the serial collector and few threads keep a JVM near its heap size.
# The first tier of the compiler is enough for what the JVM does here, and halves the CPU time of a start.
_JAVA_OPTIONS = (
    "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss512k -XX:MaxMetaspaceSize=256m -Djava.net.preferIPv4Stack=true"
)


def submission_conf(settings: Settings) -> dict[str, str]:
    """The `--conf` pairs of spark-submit. Raises OperatorError when the connector's jars are not there."""
    jars = Path(settings.spark_jars_dir) if settings.spark_jars_dir else None
    if jars is None or not any(jars.glob("spark-sql-kafka-*.jar")):
        raise OperatorError(
            f"MARKETPULSE_SPARK_JARS_DIR is {settings.spark_jars_dir!r}, a folder without Spark's Kafka connector:"
            " run `marketpulse up`, which fetches it"
        )
    host = settings.spark_driver_host
    java = f"{_JAVA_OPTIONS} -Dlog4j2.configurationFile={include_path('spark/log4j2.properties')}"
    return {
        "spark.driver.host": host,
        "spark.driver.bindAddress": host if host == "127.0.0.1" else "0.0.0.0",  # noqa: S104 - a container's network
        "spark.driver.memory": DRIVER_MEMORY,
        "spark.driver.extraClassPath": f"{jars}/*",
        "spark.driver.extraJavaOptions": java,
        "spark.executor.memory": EXECUTOR_MEMORY,
        "spark.executor.extraClassPath": f"{jars}/*",
        "spark.executor.extraJavaOptions": java,
        "spark.cores.max": str(settings.stream_cores),
        "spark.pyspark.python": sys.executable,
        "spark.pyspark.driver.python": sys.executable,
        "spark.python.worker.reuse": "true",
        # One task is one partition's transaction: a second copy of it would only wait for the first.
        "spark.speculation": "false",
        "spark.locality.wait": "0",
        "spark.task.maxFailures": "2",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "20000",
        "spark.sql.streaming.noDataMicroBatches.enabled": "false",
        "spark.sql.streaming.minBatchesToRetain": "2",
        "spark.sql.streaming.numRecentProgressUpdates": "20",
        "spark.sql.streaming.metricsEnabled": "false",
        # What the driver's web page remembers; unbounded it is what fills the heap.
        "spark.ui.retainedJobs": "20",
        "spark.ui.retainedStages": "20",
        "spark.ui.retainedTasks": "200",
        "spark.ui.retainedDeadExecutors": "5",
        "spark.sql.ui.retainedExecutions": "20",
        "spark.sql.streaming.ui.retainedQueries": "5",
        "spark.sql.streaming.ui.retainedProgressUpdates": "20",
        "spark.ui.showConsoleProgress": "false",
        "spark.executor.heartbeatInterval": "5s",
        "spark.network.timeout": "60s",
    }
