"""What a killed simulator needs to go on where it was: its clock setting and which tapes it played."""

import logging
import os
from pathlib import Path

import msgspec

from marketpulse.errors import OperatorError
from marketpulse.simulator.clock import ClockSetting
from marketpulse.simulator.tape import TapeSource

logger = logging.getLogger(__name__)


class SavedState(msgspec.Struct, frozen=True):
    """The file's content. A seed other than the saved one starts afresh: the old times belong to another market."""

    seed: int
    clock: ClockSetting = ClockSetting()
    tapes: tuple[TapeSource, ...] = ()


class StateFile:
    """A small JSON file, replaced as a whole; without a path it keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def load(self, seed: int) -> SavedState | None:
        """The saved state of this seed; None when there is none or the file cannot be understood."""
        if self._path is None or not self._path.exists():
            return None
        try:
            saved = msgspec.json.decode(self._path.read_bytes(), type=SavedState)
        except (msgspec.DecodeError, OSError) as error:
            logger.warning("state file %s is not usable and will be replaced: %s", self._path, error)
            return None
        return saved if saved.seed == seed else None

    def save(self, state: SavedState) -> None:
        """Raises OperatorError when the file cannot be written."""
        if self._path is None:
            return
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(msgspec.json.encode(state))
            draft.replace(self._path)
        except OSError as error:
            raise OperatorError(f"state file {self._path} cannot be written: {error.strerror}") from None
