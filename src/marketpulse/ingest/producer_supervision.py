"""Keeping one producer alive: restart with backoff, a watchdog on its progress lines, a stop that is certain.

Pure Python; whoever supervises (an Airflow task, a test) calls `run` in its main thread and may call `request_stop`
from a signal handler. The child runs in a process group of its own. It does not outlive its supervisor: on Linux the
kernel kills it when the thread that called `run` dies; elsewhere the producer stops when nobody reads its lines.
"""

import logging
import queue
import random
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from marketpulse.child_process import die_with_parent, end_group
from marketpulse.errors import FencedError, LeaseHeldError, OperatorError, RetriableError
from marketpulse.ingest.progress import Progress, read_line

logger = logging.getLogger(__name__)

_TICK_S = 0.2

# How the command line starts the one line that says why it ended.
_ERROR_PREFIX = "marketpulse: "


@dataclass(frozen=True, slots=True)
class SupervisionPolicy:
    """When a child counts as hung, how long it may drain, and how soon it is started again.

    `silence_s` includes the start, which on a busy machine takes seconds to import. A child that ran for `healthy_s`
    has earned the shortest delay again. With `stop_grace_s` the whole stop stays under Airflow's five seconds.
    """

    silence_s: float = 75.0
    stop_grace_s: float = 4.2
    restart_base_s: float = 0.5
    restart_cap_s: float = 15.0
    healthy_s: float = 60.0
    max_restarts: int | None = None


class StoppedError(RetriableError):
    """The supervision ended because `request_stop` was called; the child's work is not complete."""


class ProducerSupervisor:
    """Runs `argv` until it ends well.

    `on_progress` gets each progress line, `on_log` each other line of the child's stdout and stderr; both are called
    in the thread of `run`.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        policy: SupervisionPolicy | None = None,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        on_log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._argv = list(argv)
        self._environment = None if environment is None else dict(environment)
        self._policy = policy or SupervisionPolicy()
        self._on_progress = on_progress
        self._on_log = on_log
        self._stop_requested = False
        self._last_words = ""
        self.restarts = 0

    def request_stop(self) -> None:
        """Asks `run` to end the child and return. Safe inside a signal handler: it only sets a flag."""
        self._stop_requested = True

    def run(self) -> None:
        """Returns when the child ended with status 0.

        Raises StoppedError after `request_stop`, LeaseHeldError and OperatorError with the child's own words when
        restarting cannot help, RetriableError when `max_restarts` is used up. Leaves no child behind, whatever happens.
        """
        short_lives = 0
        while True:
            started_s = time.monotonic()
            status = self._run_once()
            if self._stop_requested:
                raise StoppedError("stopped on request; the producer drained and its position is kept")
            if status == 0:
                return
            words = self._last_words.removeprefix(_ERROR_PREFIX) or f"the child ended with status {status}"
            if status == LeaseHeldError.exit_status:
                raise LeaseHeldError(words)
            if status == OperatorError.exit_status:
                raise OperatorError(words)
            if self._policy.max_restarts is not None and self.restarts >= self._policy.max_restarts:
                raise RetriableError(f"given up after {self.restarts} restarts: {words}")
            short_lives = 0 if time.monotonic() - started_s >= self._policy.healthy_s else short_lives + 1
            self._back_off(status, words, short_lives)
            self.restarts += 1

    def _back_off(self, status: int, words: str, short_lives: int) -> None:
        ceiling = min(self._policy.restart_cap_s, self._policy.restart_base_s * 2 ** min(short_lives, 10))
        delay_s = ceiling * random.uniform(0.5, 1)  # noqa: S311 - jitter, not a secret
        reason = "fenced by a newer one" if status == FencedError.exit_status else words
        logger.warning("child ended with status %d (%s); starting it again in %.1f s", status, reason, delay_s)
        end_s = time.monotonic() + delay_s
        while time.monotonic() < end_s and not self._stop_requested:
            time.sleep(_TICK_S)

    def _run_once(self) -> int:
        if self._stop_requested:
            return 0
        self._last_words = ""
        child = subprocess.Popen(
            self._argv,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )
        lines: queue.SimpleQueue[tuple[bool, bytes]] = queue.SimpleQueue()
        readers = [_reader(child.stdout, False, lines), _reader(child.stderr, True, lines)]
        try:
            return self._watch(child, lines)
        finally:
            end_group(child, grace_s=0)
            for reader in readers:
                reader.join(timeout=1)
            self._take(lines)

    def _watch(self, child: "subprocess.Popen[bytes]", lines: "queue.SimpleQueue[tuple[bool, bytes]]") -> int:
        heard_s = time.monotonic()
        while True:
            if self._take(lines):
                heard_s = time.monotonic()
            if child.poll() is not None:
                return child.returncode
            if self._stop_requested:
                return end_group(child, grace_s=self._policy.stop_grace_s)
            if time.monotonic() - heard_s > self._policy.silence_s:
                self._last_words = f"no progress for {self._policy.silence_s:.0f} s, killed"
                return end_group(child, grace_s=0)
            try:
                child.wait(timeout=_TICK_S)
            except subprocess.TimeoutExpired:
                continue

    def _take(self, lines: "queue.SimpleQueue[tuple[bool, bytes]]") -> bool:
        """Hands on what the child wrote; true when there was progress."""
        progressed = False
        while True:
            try:
                is_error, line = lines.get_nowait()
            except queue.Empty:
                return progressed
            progress = None if is_error else read_line(line)
            if progress is not None:
                progressed = True
                self._on_progress(progress)
                continue
            text = line.decode("utf-8", "replace").rstrip()
            if is_error and (text.startswith(_ERROR_PREFIX) or not self._last_words.startswith(_ERROR_PREFIX)):
                self._last_words = text or self._last_words
            self._on_log(text)


def _reader(
    stream: IO[bytes] | None, is_error: bool, lines: "queue.SimpleQueue[tuple[bool, bytes]]"
) -> threading.Thread:
    def read() -> None:
        if stream is not None:
            with stream:
                for line in stream:
                    lines.put((is_error, line))

    thread = threading.Thread(target=read, name="child output", daemon=True)
    thread.start()
    return thread
