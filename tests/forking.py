"""A process that imports everything once and then forks for each job: a job may be killed or frozen between two of its
steps for the price of a fork. Jobs are module-level functions; they run in a process without threads of others.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CRASHED = 77
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Seam:
    """A method at which the job can be broken off: before it, and after it when `after`; at its first calls only when
    `calls` says at how many."""

    owner: Any
    name: str
    after: bool = False
    calls: int | None = None


def break_off_at(step: int, seams: Iterable[Seam], action: Callable[[], None]) -> None:
    """In a job: do the action when the main thread comes to the step of that number, counted from 1."""
    reached = 0

    def tick() -> None:
        nonlocal reached
        if threading.current_thread() is threading.main_thread():
            reached += 1
            if reached == step:
                action()

    def wrapped(seam: Seam) -> Callable[..., Any]:
        original = getattr(seam.owner, seam.name)
        calls = 0

        def run(*arguments: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            counts = seam.calls is None or calls <= seam.calls
            if counts:
                tick()
            result = original(*arguments, **named)
            if counts and seam.after:
                tick()
            return result

        return run

    for seam in seams:
        setattr(seam.owner, seam.name, wrapped(seam))


def crash() -> None:
    """As `kill -9` would: nothing is closed, flushed or said."""
    os._exit(CRASHED)


def freeze() -> None:
    """As SIGSTOP from outside would, until SIGCONT."""
    os.kill(os.getpid(), signal.SIGSTOP)


class ForkingProcess:
    """The parent's end: `begin` returns when the job has ended or stands still."""

    def __init__(self, *modules: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MARKETPULSE_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking", *modules],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def begin(self, job: Callable[..., int], *arguments: object) -> int | None:
        """The status of the job; None when it is frozen."""
        return self._ask((job, arguments))

    def wake(self) -> int | None:
        """Let the job go on that was frozen last; its status, None when it is frozen again."""
        return self._ask(None)

    def close(self) -> None:
        """Nothing is left, not even a frozen job."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def _ask(self, request: object) -> int | None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(request, self._process.stdin)
        self._process.stdin.flush()
        answer: int | None = pickle.load(self._process.stdout)  # noqa: S301 - our own child
        return answer


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests = sys.stdin.buffer
    frozen: list[int] = []
    while True:
        try:
            request = pickle.load(requests)  # noqa: S301 - our own parent
        except EOFError:
            return
        if request is None:
            pid = frozen.pop()
            os.kill(pid, signal.SIGCONT)
        else:
            pid = os.fork()
            if pid == 0:
                _run(*request)
        _, status = os.waitpid(pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            frozen.append(pid)
        pickle.dump(None if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status), answers)
        answers.flush()


def _run(job: Callable[..., int], arguments: tuple[Any, ...]) -> None:
    status = 70
    try:
        status = job(*arguments)
    except BaseException as error:
        status = getattr(error, "exit_status", status)
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    finally:
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    for module in sys.argv[1:]:
        __import__(module)
    _serve()
