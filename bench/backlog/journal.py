"""The runs of a benchmark as they end, a line of JSON each: what was cut off goes on where it ended."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from backlog.run import Figures


@dataclass(slots=True)
class Journal:
    """`figures` by contender and round; `rejected` says why a contender gets no number, whatever its other runs say.

    `setup` is what the runs have in common: those of another setup do not compare.
    """

    path: Path
    setup: Mapping[str, int]
    figures: dict[str, dict[int, Figures]] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path, setup: Mapping[str, int]) -> Self:
        """With the runs that the file holds of the same setup; without one, begun anew."""
        journal = cls(path, setup)
        first, *lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else ["null"]
        if json.loads(first) != setup:
            journal.begin()
            return journal
        for line in lines:
            journal._note(json.loads(line))
        return journal

    def begin(self) -> None:
        """Forget every run."""
        self.figures.clear()
        self.rejected.clear()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(f"{json.dumps(self.setup)}\n", encoding="utf-8")

    def counted(self, contender: str) -> dict[int, Figures]:
        """The runs that count, by round."""
        return {} if contender in self.rejected else self.figures.get(contender, {})

    def needs(self, contender: str, number: int) -> bool:
        """Whether the contender still has to run in this round."""
        return contender not in self.rejected and number not in self.figures.get(contender, {})

    def add(self, contender: str, number: int, found: Figures | str) -> None:
        """A text is the reason to get no number."""
        line = {"contender": contender, "round": number, "found": found if isinstance(found, str) else asdict(found)}
        with self.path.open("a", encoding="utf-8") as lines:
            lines.write(f"{json.dumps(line)}\n")
        self._note(line)

    def _note(self, line: Mapping[str, object]) -> None:
        contender, number, found = str(line["contender"]), int(str(line["round"])), line["found"]
        if isinstance(found, dict):
            self.figures.setdefault(contender, {})[number] = Figures(**found)
        else:
            self.rejected[contender] = str(found)
