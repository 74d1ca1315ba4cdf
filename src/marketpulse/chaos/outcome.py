"""What one round came to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """`held_s` is None for a fault that is not taken back, `recovered_s` when the pipeline did not recover; it counts
    from the fault's end. `records` are those that landed from the strike to the recovery, of `equations` so many were
    `balanced`, `health` is what the health check said in the middle of a fault that was held.
    """

    number: int
    kind: str
    target: str
    held_s: float | None = None
    recovered_s: float | None = None
    records: int = 0
    equations: int = 0
    balanced: int = 0
    health: str = ""
    failure: str = ""

    @property
    def is_good(self) -> bool:
        return not self.failure
