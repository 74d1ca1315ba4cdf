"""A child process that leaves nothing behind: it dies with its parent, and ends with its whole process group."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable

logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> Callable[[], None] | None:
    """For Popen's `preexec_fn`: the kernel kills the child when the calling thread dies. None where it cannot."""
    if sys.platform != "linux":
        return None
    # Loaded before the fork: the child of a threaded process may not allocate much.
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return arrange


def end_group(child: "subprocess.Popen[bytes]", *, grace_s: float) -> int:
    """End the whole group that the child leads, gently for `grace_s`, and reap the child; its status is returned."""
    if grace_s > 0:
        _signal_group(child, signal.SIGTERM)
        try:
            child.wait(timeout=grace_s)
        except subprocess.TimeoutExpired:
            logger.warning("child %d did not drain within %.1f s, killing it", child.pid, grace_s)
    _signal_group(child, signal.SIGKILL)
    return child.wait()


def _signal_group(child: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        # Gone already; macOS says EPERM for a group of zombies.
        return
