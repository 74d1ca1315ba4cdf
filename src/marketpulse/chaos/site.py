"""The running stack that is broken and watched, and how long a fault is held."""

from dataclasses import dataclass
from pathlib import Path

from marketpulse.local.blueprint import Blueprint
from marketpulse.local.supervisor import Supervisor
from marketpulse.settings import Settings


@dataclass(frozen=True, slots=True)
class Site:
    """`hold_s` is how long a fault that can be taken back stays.

    `disk` is a folder on a small file system that a person has mounted; None: one is mounted when it is needed.
    """

    blueprint: Blueprint
    settings: Settings
    hold_s: float
    disk: Path | None = None

    @property
    def supervisor(self) -> Supervisor:
        return Supervisor(self.blueprint.layout)
