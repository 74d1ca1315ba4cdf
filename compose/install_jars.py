"""Build step of the image: put Spark's Kafka connector, as locked, into `<folder>/spark`."""

import sys
import tempfile
from pathlib import Path

from marketpulse.local.jars import SPARK, install_jars, read_lock
from marketpulse.local.java import find_java

with tempfile.TemporaryDirectory() as cache:
    # The broker's jars are left out: in containers Kafka has its own image.
    connector = [jar for jar in read_lock() if jar.set_name == SPARK]
    install_jars(find_java(), Path(sys.argv[1]), cache=Path(cache), lock=connector)
