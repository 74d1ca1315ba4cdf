"""The faults that need no preparation: signals to processes, and the loss of the checkpoint."""

import contextlib
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from marketpulse.chaos.site import Site
from marketpulse.chaos.targets import driver_id, processes_of, resume, with_descendants
from marketpulse.errors import RetriableError
from marketpulse.settings import STREAM
from marketpulse.stream.checkpoint import checkpoints_of

# Called again and again while a fault is held; whether it has been held long enough to be felt.
Tend = Callable[[], bool]


class Fault(Protocol):
    """One way to break the stack. `check` names the health check that has to say so, if one has to."""

    @property
    def kind(self) -> str: ...

    @property
    def target(self) -> str: ...

    @property
    def is_held(self) -> bool: ...

    @property
    def check(self) -> str: ...

    def prepared(self, site: Site) -> AbstractContextManager[None]:
        """Around the whole round. Puts everything back at its end, whatever happens."""
        ...

    def in_force(self, site: Site) -> AbstractContextManager[Tend]:
        """Strikes, and takes back what can be taken back. Raises RetriableError while there is nothing to strike."""
        ...


@dataclass(frozen=True, slots=True)
class _Unprepared:
    target: str
    check = ""

    def prepared(self, site: Site) -> AbstractContextManager[None]:
        return contextlib.nullcontext()


@dataclass(frozen=True, slots=True)
class Signal(_Unprepared):
    """A signal that ends processes; nothing is taken back."""

    kind: str = "kill -9"
    number: signal.Signals = signal.SIGKILL
    is_held = False

    @contextmanager
    def in_force(self, site: Site) -> Iterator[Tend]:
        for process in processes_of(site, self.target):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(self.number)
        yield _felt


@dataclass(frozen=True, slots=True)
class Freeze(_Unprepared):
    """SIGSTOP, and after a while SIGCONT. `alone`: what the process has started goes on."""

    alone: bool = False
    kind = "SIGSTOP"
    is_held = True

    @contextmanager
    def in_force(self, site: Site) -> Iterator[Tend]:
        victims = processes_of(site, self.target)
        frozen: dict[int, psutil.Process] = {}
        try:
            # Again until none is new: one that still ran may have started another.
            while new := [one for one in self._chosen(victims) if one.pid not in frozen]:
                for process in new:
                    frozen[process.pid] = process
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.suspend()
            yield _felt
        finally:
            resume(frozen.values())

    def _chosen(self, victims: list[psutil.Process]) -> list[psutil.Process]:
        return victims if self.alone else with_descendants(victims)


@dataclass(frozen=True, slots=True)
class LostCheckpoint(_Unprepared):
    """The running query's checkpoint is removed."""

    target: str = "checkpoint"
    kind = "deleted"
    is_held = False

    @contextmanager
    def in_force(self, site: Site) -> Iterator[Tend]:
        pid = driver_id(site)
        folders = checkpoints_of(STREAM, pid, folder=_temporary_folder(pid))
        if not folders:
            raise RetriableError(f"the driver {pid} has no checkpoint at this moment")
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        yield _felt


def _temporary_folder(pid: int) -> Path:
    try:
        return Path(psutil.Process(pid).environ().get("TMPDIR") or "/tmp")  # noqa: S108 - where the driver looks too
    except psutil.Error:
        raise RetriableError(f"the driver {pid} is gone") from None


def _felt() -> bool:
    return True
