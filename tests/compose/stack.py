"""The resolved Compose file as values, so that the tests pass no dictionaries around."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OUR_IMAGE = "marketpulse"


@dataclass(frozen=True, slots=True)
class Service:
    """One service."""

    name: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    depends_on: Mapping[str, str]
    health_check: tuple[str, ...]
    ports: tuple[str, ...]
    volumes: tuple[str, ...]
    restart: str
    fields: Mapping[str, Any]

    @classmethod
    def of(cls, name: str, fields: Mapping[str, Any]) -> "Service":
        return cls(
            name=name,
            image=fields["image"],
            command=tuple(fields.get("command", ())),
            environment={key: str(value) for key, value in (fields.get("environment") or {}).items()},
            depends_on={other: rule["condition"] for other, rule in (fields.get("depends_on") or {}).items()},
            health_check=tuple((fields.get("healthcheck") or {}).get("test", ())),
            ports=tuple(fields.get("ports", ())),
            volumes=tuple(fields.get("volumes", ())),
            restart=fields.get("restart", ""),
            fields=fields,
        )

    @property
    def is_ours(self) -> bool:
        return self.image.partition(":")[0] == OUR_IMAGE

    @property
    def ends(self) -> bool:
        """Whether it does one job and exits."""
        return self.restart == "no"


@dataclass(frozen=True, slots=True)
class Stack:
    """Every service by its name."""

    services: Mapping[str, Service]
    volumes: frozenset[str]

    def of_ours(self) -> tuple[Service, ...]:
        return tuple(service for service in self.services.values() if service.is_ours)

    def needs(self, name: str) -> frozenset[str]:
        """Every service that has to be there before this one, at any distance. Raises RecursionError on a circle."""
        direct = self.services[name].depends_on
        return frozenset(direct).union(*(self.needs(other) for other in direct))
