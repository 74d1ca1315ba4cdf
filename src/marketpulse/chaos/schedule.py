"""Which fault strikes in which round, and when: decided by a seed before anything is broken."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

# The strike comes up to so much later than the pipeline flows: it meets each step of it at some time.
LONGEST_DELAY_S = 3.0


@dataclass(frozen=True, slots=True)
class PlannedRound:
    """One round: the fault's name, and how long after the round's begin it strikes."""

    number: int
    fault: str
    delay_s: float


def schedule(faults: Sequence[str], *, rounds: int, seed: int) -> tuple[PlannedRound, ...]:
    """So many rounds in seeded order. No fault comes again before every other one had its turn.

    The same arguments give the same rounds under every version of Python: `random()` is what stays as it is.
    """
    rng = random.Random(seed)  # noqa: S311 - an order, not a secret
    planned: list[PlannedRound] = []
    left: list[str] = []
    for number in range(1, rounds + 1):
        if not left:
            left = sorted(faults, key=lambda _: rng.random())
        planned.append(PlannedRound(number, left.pop(0), round(rng.random() * LONGEST_DELAY_S, 2)))
    return tuple(planned)
