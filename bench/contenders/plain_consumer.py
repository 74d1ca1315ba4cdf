"""A single Python process with confluent-kafka and COPY, without any guarantee and with ours."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backlog.gate import OURS, PLAIN
from backlog.run import Mark, Meter, Stage, ended_with, read_marks
from backlog.stack import wait_until
from marketpulse.local.program import Program

_PATIENCE_S = 3600


@dataclass(slots=True)
class PlainConsumer:
    """`guaranteed`: the product's own sink module lands what this process consumes; there is no faster one we know."""

    guaranteed: bool

    @property
    def name(self) -> str:
        return "plain Python consumer, same guarantees" if self.guaranteed else "plain Python consumer, no guarantee"

    @property
    def source(self) -> tuple[str, str]:
        return OURS if self.guaranteed else PLAIN

    def drain(self, stage: Stage, meter: Meter) -> Sequence[Mark]:
        stack = stage.stack
        marks = stack.layout.state / "plain-consumer.marks"
        marks.unlink(missing_ok=True)
        script = Path(__file__).with_name("guaranteed_consumer_app.py" if self.guaranteed else "plain_consumer_app.py")
        arguments = (stack.broker.bootstrap, stack.dsns["writer"], str(stage.backlog.rows), str(marks))
        program = Program("plain-consumer", (sys.executable, str(script), *arguments), stack.layout.state)
        meter.start()
        with ended_with(stack, program.name):
            process: subprocess.Popen[bytes] = stack.run(program)
            meter.watch(process.pid)
            wait_until("it has ended", lambda: marks.exists() or process.poll() is not None, within_s=_PATIENCE_S)
            meter.stop()
            return read_marks(marks)


def write_marks(marks: Sequence[tuple[float, int]], path: Path) -> None:
    """For the processes: all at once, when everything is committed."""
    unfinished = path.with_suffix(".part")
    lines = [json.dumps({"at_s": at_s, "rows": rows}) for at_s, rows in marks]
    unfinished.write_text("\n".join(lines), encoding="utf-8")
    unfinished.rename(path)
