"""Every fault that there is, by name. The order is part of the schedule: a seed means the same rounds for ever."""

import signal
from collections.abc import Sequence

from marketpulse.chaos import targets
from marketpulse.chaos.faults import Fault, Freeze, LostCheckpoint, Signal
from marketpulse.chaos.full_disk import OutOfDisk
from marketpulse.errors import OperatorError

FAULTS: tuple[Fault, ...] = (
    *(Signal(target) for target in targets.TARGETS),
    Signal(targets.POSTMASTER, "immediate shutdown", signal.SIGQUIT),
    Freeze(targets.PRODUCER),
    Freeze(targets.DRIVER),
    Freeze(targets.EXECUTOR, alone=True),
    Freeze(targets.PYTHON_WORKER),
    Freeze(targets.KAFKA),
    Freeze(targets.SERVER),
    OutOfDisk("Postgres"),
    OutOfDisk("Postgres log", end_wal=True),
    LostCheckpoint(),
)
BY_NAME = {f"{fault.kind}: {fault.target}": fault for fault in FAULTS}


def chosen(only: Sequence[str], without: Sequence[str]) -> tuple[str, ...]:
    """The names that hold one of the words of `only` (none: all) and none of `without`.

    Raises OperatorError when a word is in no name, or nothing is left.
    """
    for word in (*only, *without):
        if not any(word in name for name in BY_NAME):
            raise OperatorError(f"no fault is called {word!r}: there are {', '.join(BY_NAME)}")
    wanted = [name for name in BY_NAME if not only or any(word in name for word in only)]
    left = tuple(name for name in wanted if not any(word in name for word in without))
    if not left:
        raise OperatorError("no fault is left: name fewer --without")
    return left
