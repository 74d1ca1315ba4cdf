"""Which port each component listens on: the default, else the next free one; one set by hand must be free."""

import socket
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from marketpulse.errors import OperatorError
from marketpulse.local.loopback import LOOPBACK
from marketpulse.settings import PERSONS_FILE, require_text

HIGHEST_PORT = 65535


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    """One port a listener. The defaults are those of the Compose file."""

    kafka: int = 9092
    kafka_controller: int = 9093
    spark_master: int = 7077
    spark_master_ui: int = 8081
    spark_worker: int = 7078
    spark_worker_ui: int = 8082
    postgres: int = 5432
    airflow_postgres: int = 5433
    airflow: int = 8080
    airflow_log: int = 8793
    simulator: int = 8090
    simulator_control: int = 8091


class PortSettings(BaseSettings):
    """Ports set by hand: `MARKETPULSE_PORT_<NAME>` in the environment or in `.env`."""

    model_config = SettingsConfigDict(env_prefix="MARKETPULSE_PORT_", extra="ignore", frozen=True)

    kafka: int | None = Field(None, ge=1, le=HIGHEST_PORT)
    kafka_controller: int | None = Field(None, ge=1, le=HIGHEST_PORT)
    spark_master: int | None = Field(None, ge=1, le=HIGHEST_PORT)
    spark_master_ui: int | None = Field(None, ge=1, le=HIGHEST_PORT)
    spark_worker: int | None = Field(None, ge=1, le=HIGHEST_PORT)
    spark_worker_ui: int | None = Field(None, ge=1, le=HIGHEST_PORT)
    postgres: int | None = Field(None, ge=1, le=HIGHEST_PORT)
    airflow_postgres: int | None = Field(None, ge=1, le=HIGHEST_PORT)
    airflow: int | None = Field(None, ge=1, le=HIGHEST_PORT)
    airflow_log: int | None = Field(None, ge=1, le=HIGHEST_PORT)
    simulator: int | None = Field(None, ge=1, le=HIGHEST_PORT)
    simulator_control: int | None = Field(None, ge=1, le=HIGHEST_PORT)


def ports_by_hand(env_file: Path = PERSONS_FILE) -> dict[str, int]:
    """The ports that a person chose. Raises OperatorError that names the variable when one is not a port."""
    require_text(env_file)
    try:
        chosen = PortSettings(_env_file=env_file)
    except ValidationError as error:
        name = "MARKETPULSE_PORT_" + str(error.errors()[0]["loc"][0]).upper()
        raise OperatorError(f"{name} is not a port: use a number from 1 to {HIGHEST_PORT}") from None
    return {name: port for name, port in chosen.model_dump().items() if port is not None}


def is_free(port: int) -> bool:
    """Whether nothing listens on a port of the loopback address, under any of its names."""
    with socket.socket() as listener:
        # A port in TIME_WAIT is free; Postgres, Kafka and the others set the same option.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
    with socket.socket() as caller:
        caller.settimeout(0.5)
        return caller.connect_ex((LOOPBACK, port)) != 0


def choose_ports(
    by_hand: dict[str, int], *, preferred: Ports | None = None, free: Callable[[int], bool] = is_free
) -> Ports:
    """A port for every listener; `preferred` are those of the last start, so that addresses stay the same."""
    defaults = preferred or Ports()
    names = msgspec.structs.fields(Ports)
    taken = set(by_hand.values())
    chosen: dict[str, int] = {}
    for name in (field.name for field in names):
        if name in by_hand:
            port = by_hand[name]
            if not free(port) or port in chosen.values() or list(by_hand.values()).count(port) > 1:
                raise OperatorError(
                    f"port {port} is taken: set MARKETPULSE_PORT_{name.upper()} to a free one, "
                    "or remove it so that one is chosen"
                )
        else:
            port = _next_free(getattr(defaults, name), used=taken | set(chosen.values()), free=free)
        chosen[name] = port
    return Ports(**chosen)


def _next_free(start: int, *, used: Iterable[int], free: Callable[[int], bool]) -> int:
    for port in range(start, HIGHEST_PORT + 1):
        if port not in used and free(port):
            return port
    raise OperatorError(f"no port from {start} upwards is free")
