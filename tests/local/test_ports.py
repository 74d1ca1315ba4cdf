"""Ports: the default, the next free one when it is taken, an error when a port set by hand is."""

import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from marketpulse.errors import OperatorError
from marketpulse.local.ports import Ports, choose_ports, is_free, ports_by_hand


def all_free(_: int) -> bool:
    return True


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_the_defaults_when_everything_is_free() -> None:
    assert choose_ports({}, free=all_free) == Ports()


def test_the_next_free_one_for_a_taken_default() -> None:
    chosen = choose_ports({}, free=lambda port: port not in {9092, 5432})
    # 9093 is free, but the next component's default; whoever comes first takes it, nobody shares.
    assert chosen.kafka == 9093
    assert chosen.postgres == 5433
    ports = [getattr(chosen, field.name) for field in msgspec.structs.fields(Ports)]
    assert len(set(ports)) == len(ports)


def test_a_port_set_by_hand_is_kept_from_the_others() -> None:
    chosen = choose_ports({"airflow": 9092}, free=all_free)
    assert chosen.airflow == 9092
    assert chosen.kafka == 9093


def test_a_taken_port_set_by_hand_is_an_error_that_names_its_variable() -> None:
    with pytest.raises(OperatorError, match=r"port 8080 is taken: set MARKETPULSE_PORT_AIRFLOW to a free one"):
        choose_ports({"airflow": 8080}, free=lambda port: port != 8080)


def test_two_components_cannot_be_given_one_port() -> None:
    with pytest.raises(OperatorError, match="port 7000 is taken"):
        choose_ports({"airflow": 7000, "postgres": 7000}, free=all_free)


def test_the_ports_of_the_last_start_come_first() -> None:
    assert choose_ports({}, preferred=Ports(kafka=19092), free=all_free).kafka == 19092


def test_a_listener_makes_a_port_taken(taken: int) -> None:
    assert not is_free(taken)


def test_ports_by_hand_come_from_the_file_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("MARKETPULSE_PORT_KAFKA=19092\n")
    monkeypatch.setenv("MARKETPULSE_PORT_AIRFLOW", "18080")
    assert ports_by_hand(file) == {"kafka": 19092, "airflow": 18080}


def test_what_is_no_port_is_an_error_that_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKETPULSE_PORT_KAFKA", "99999")
    with pytest.raises(OperatorError, match="MARKETPULSE_PORT_KAFKA is not a port"):
        ports_by_hand(Path("absent.env"))
