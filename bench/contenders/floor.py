"""The floor: COPY of the same rows from a file, one connection, no index, no broker."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from backlog.gate import PLAIN, load_file
from backlog.run import Mark, Meter, Stage


@dataclass(slots=True)
class Floor:
    """Nothing that stores rows in Postgres through one connection is faster than this."""

    name: str = "floor: COPY from a file"
    source: tuple[str, str] = PLAIN

    def drain(self, stage: Stage, meter: Meter) -> Sequence[Mark]:
        meter.start()
        load_file(stage.stack.dsns["writer"], stage.rows_file)
        marks = [Mark(time.time(), stage.backlog.rows)]
        meter.stop()
        return marks
