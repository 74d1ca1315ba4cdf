"""What one start of the stack decided: ports, Java, market. Kept in the state folder until the next start."""

from pathlib import Path

import msgspec

from marketpulse.local.layout import read_if_there, write_private
from marketpulse.local.ports import Ports


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`ready` becomes true when `up` is through: a plan without it is a start that was cut short."""

    ports: Ports
    java: str
    java_version: int
    simulated: bool
    ready: bool = False


def load_plan(path: Path) -> Plan | None:
    """The plan of the last start, None when there is none that this version can read.

    Raises OperatorError when the file cannot be read at all.
    """
    content = read_if_there(path)
    try:
        return None if content is None else msgspec.json.decode(content, type=Plan)
    except msgspec.DecodeError:
        return None


def save_plan(path: Path, plan: Plan) -> None:
    """Replace the plan at once."""
    write_private(path, msgspec.json.format(msgspec.json.encode(plan)).decode() + "\n")
