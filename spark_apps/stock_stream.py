"""What spark-submit runs: records of both topics -> the sink -> nothing else; the sink's tasks write to Postgres."""

import logging
import sys
from functools import partial

from pyspark.sql import SparkSession

from marketpulse.errors import MarketPulseError
from marketpulse.settings import STREAM, settings
from marketpulse.stream.driver import Driver
from marketpulse.stream.ledger import Position
from marketpulse.stream.query import SparkQuery, start
from marketpulse.stream.sink import SinkPlan, land_partition
from marketpulse.stream.source import RECORD_COLUMNS, source_options

logger = logging.getLogger(STREAM)


def start_query(wanted: list[Position], plan: SinkPlan) -> SparkQuery:
    spark = SparkSession.builder.appName(STREAM).getOrCreate()
    records = spark.readStream.format("kafka").options(**source_options(settings(), wanted)).load()
    landed = records.select(*RECORD_COLUMNS).mapInArrow(partial(land_partition, plan), "landed bigint")
    return start(landed, name=STREAM, trigger_ms=settings().stream_trigger_ms)


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        Driver(settings(), start_query).run()
    except MarketPulseError as error:
        logger.error("%s", error)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
