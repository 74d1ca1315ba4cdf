"""Progress lines: what they say, when they fall silent, and when nobody reads them."""

import io
import time

from marketpulse.ingest.progress import HUNG_AFTER_S, ProgressReporter, read_line


class ClosedOutput(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def wait_for_lines(output: io.StringIO, count: int) -> None:
    deadline_s = time.monotonic() + 5
    while output.getvalue().count("\n") < count:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_lines_start_go_on_and_end() -> None:
    output = io.StringIO()
    reporter = ProgressReporter("p-1", output, period_s=0.01)
    reporter.start()
    reporter.count(events=3, repeated=2, rejected=1, polls=1)
    reporter.count(events=1, repeated=0, rejected=0)
    reporter.update(waiting="kafka", outcome="ok")
    wait_for_lines(output, 3)
    reporter.stop("completed")
    lines = [read_line(line.encode()) for line in output.getvalue().splitlines()]
    first, last = lines[0], lines[-1]
    assert first is not None
    assert last is not None
    assert (first.kind, last.kind, last.outcome) == ("started", "ended", "completed")
    assert (last.events, last.repeated, last.rejected, last.polls, last.waiting) == (4, 2, 1, 1, "kafka")
    assert all(line is not None and line.kind == "progress" for line in lines[1:-1])


def test_hung_main_thread_silences_it() -> None:
    now = [0.0]
    output = io.StringIO()
    reporter = ProgressReporter("p-1", output, period_s=0.01, monotonic=lambda: now[0])
    reporter.start()
    wait_for_lines(output, 3)
    now[0] = HUNG_AFTER_S + 1
    time.sleep(0.1)
    said = output.getvalue()
    time.sleep(0.1)
    assert output.getvalue() == said
    reporter.alive()
    wait_for_lines(output, said.count("\n") + 1)
    reporter.stop("completed")


def test_nobody_reads_any_more() -> None:
    told: list[bool] = []
    reporter = ProgressReporter("p-1", ClosedOutput(), on_closed=lambda: told.append(True))
    reporter.start()
    assert told == [True]
    reporter.stop("stopped")


def test_other_lines_are_not_progress() -> None:
    assert read_line(b"hello") is None
    assert read_line(b'{"kind": "progress"}') is None
