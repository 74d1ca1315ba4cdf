"""The simulator's process: two listening ports, one market. `serve` is behind `marketpulse simulate`."""

import asyncio
import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.simulator.clock import ClockSetting
from marketpulse.simulator.control_api import control_app
from marketpulse.simulator.public_face import public_app
from marketpulse.simulator.simulation import Simulation

logger = logging.getLogger(__name__)

_START_S = 15.0
_STOP_S = 2


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the simulator listens: base address of the providers' faces, and the control API."""

    public: str
    control: str


class _Server(uvicorn.Server):
    """A server that leaves signals to the process: two of them would take the handlers from each other."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Listener:
    """Both ports, bound at once and served by `run` until `stop`. Port 0 takes a free one."""

    def __init__(self, simulation: Simulation, *, host: str, port: int, control_port: int) -> None:
        """Raises OperatorError when a port is taken."""
        with contextlib.ExitStack() as undo:
            self._sockets = [undo.enter_context(_bound(host, number)) for number in (port, control_port)]
            undo.pop_all()
        self._servers = [_server(app) for app in (public_app(simulation), control_app(simulation))]
        public, control = (f"http://{host}:{bound.getsockname()[1]}" for bound in self._sockets)
        self.addresses = Addresses(public, control)

    @property
    def is_ready(self) -> bool:
        return all(server.started for server in self._servers)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for server, bound in zip(self._servers, self._sockets, strict=True):
                group.create_task(server.serve(sockets=[bound]))

    def stop(self) -> None:
        """Ends `run` within some two seconds; may be called from any thread, and from a signal handler."""
        for server in self._servers:
            server.should_exit = True


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    control_port: int = 0,
    seed: int = 1,
    clock: ClockSetting | None = None,
    state_file: Path | None = None,
    on_listening: Callable[[Addresses], None] | None = None,
) -> None:
    """Runs the simulator until SIGTERM or SIGINT. `on_listening` gets the addresses once both ports accept connections.

    With a state file a restarted simulator goes on at the market time where it would be, with the tapes it had; without
    saved state `clock` is where it starts (default: real time). Raises OperatorError for a taken port or a state file
    that cannot be written.
    """
    simulation = Simulation(seed=seed, clock=clock, state_file=state_file)
    listener = Listener(simulation, host=host, port=port, control_port=control_port)

    async def main() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, listener.stop)
        simulation.warm_up()
        if on_listening is not None:
            on_listening(listener.addresses)
        await listener.run()

    logger.info("simulated market on %s, control on %s", listener.addresses.public, listener.addresses.control)
    asyncio.run(main())


@contextlib.contextmanager
def running(simulation: Simulation, *, host: str = "127.0.0.1") -> Iterator[Addresses]:
    """The simulator on free ports in a thread of this process, for as long as the block lasts."""
    listener = Listener(simulation, host=host, port=0, control_port=0)
    thread = threading.Thread(target=lambda: asyncio.run(listener.run()), name="simulator", daemon=True)
    thread.start()
    waited = threading.Event()
    for _ in range(int(_START_S / 0.01)):
        if listener.is_ready:
            break
        waited.wait(0.01)
    else:
        raise RetriableError("the simulator did not start in time")
    try:
        yield listener.addresses
    finally:
        listener.stop()
        thread.join(_START_S)


def _bound(host: str, port: int) -> socket.socket:
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms for an acknowledgement.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen()
    except OSError as error:
        bound.close()
        raise OperatorError(f"port {port} of {host} cannot be used ({error.strerror}): choose another port") from None
    return bound


def _server(app: Starlette) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            # The public face dates its answers with the market's time.
            date_header=False,
            lifespan="off",
            timeout_graceful_shutdown=_STOP_S,
        )
    )
