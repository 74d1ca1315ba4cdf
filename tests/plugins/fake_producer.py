"""A child for the supervision tests: writes progress lines and ends as its first argument says."""

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path


def line(kind: str) -> None:
    progress = {
        "at": datetime.now(UTC).isoformat(),
        "kind": kind,
        "producer_id": "p-000000000000",
        "session": "2026-11-20",
        "events": 7,
    }
    sys.stdout.write(json.dumps(progress) + "\n")
    sys.stdout.flush()


def main() -> None:
    behaviour, folder = sys.argv[1], Path(sys.argv[2])
    starts = folder / "starts"
    number = len(starts.read_text().splitlines()) + 1 if starts.exists() else 1
    with starts.open("a") as log:
        log.write(json.dumps({"argv": sys.argv[3:], "pid": os.getpid()}) + "\n")
    line("started")
    if behaviour.startswith("exit"):
        sys.stderr.write("marketpulse: the key was refused: set API_KEY\n")
        sys.exit(int(behaviour.removeprefix("exit")))
    if behaviour == "crash_once" and number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "hang_once" and number == 1:
        time.sleep(60)
    if behaviour == "held_once" and number == 1:
        sys.stderr.write("marketpulse: the lease 'producer' is held by box:4711:p-1: stop that one first\n")
        sys.exit(3)
    if behaviour == "endless":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        while True:
            line("progress")
            time.sleep(0.1)
    if behaviour == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            line("progress")
            time.sleep(0.1)
    line("ended")


main()
