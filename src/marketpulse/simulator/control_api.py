"""The control API: clock, tapes, faults, truth ledger and request log of the simulator. Not for the open network."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from marketpulse.errors import OperatorError
from marketpulse.events.session import calendar
from marketpulse.simulator.clock import Mode
from marketpulse.simulator.faults import Fault
from marketpulse.simulator.market import FEEDS
from marketpulse.simulator.request_log import LoggedRequest
from marketpulse.simulator.simulation import Simulation
from marketpulse.simulator.tape import TapeSource

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_DEFAULT_SPEED = 1000.0


class ClockChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /clock: a mode with what it needs, or a jump ahead."""

    mode: Mode | None = None
    market_at: datetime | None = None
    speed: float | None = None
    advance_s: float | None = None


class ClockState(msgspec.Struct, frozen=True):
    """GET /clock."""

    market_at: datetime
    speed: float
    mode: Mode


class LoadedTape(msgspec.Struct, frozen=True):
    """POST /tape: what was read."""

    symbol: str
    trading_date: date
    trades: int


class Failure(msgspec.Struct, frozen=True):
    """One line that says what is wrong with a request."""

    error: str


class Requests(msgspec.Struct, frozen=True):
    """GET /requests: how many there were since the start, and the newest of them."""

    total: int
    requests: tuple[LoggedRequest, ...]


class ArmedFaults(msgspec.Struct, frozen=True):
    """The armed faults."""

    faults: tuple[Fault, ...]


class Health(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str
    seed: int


Body = TypeVar("Body", bound=msgspec.Struct)
Handler = Callable[[Request], Awaitable[msgspec.Struct]]


def control_app(simulation: Simulation) -> Starlette:
    """Every answer is JSON; every refusal is status 400 with one line under `error`."""

    async def read_clock(_: Request) -> ClockState:
        return _clock_state(simulation)

    async def set_clock(request: Request) -> ClockState:
        _change_clock(simulation, await _body(request, ClockChange))
        await run_in_threadpool(simulation.save)
        return _clock_state(simulation)

    async def load_tape(request: Request) -> LoadedTape:
        rows = await run_in_threadpool(simulation.load_tape, await _body(request, TapeSource))
        return LoadedTape(rows.symbol, rows.trading_date, len(rows.trades))

    async def truth(request: Request) -> msgspec.Struct:
        feed, day = request.query_params.get("feed", "sip"), request.query_params.get("trading_date", "")
        if feed not in FEEDS:
            raise OperatorError(f"unknown feed {feed!r}: use one of {', '.join(FEEDS)}")
        if name := request.query_params.get("calendar"):
            calendar(name)
        try:
            trading_date = date.fromisoformat(day)
        except ValueError:
            raise OperatorError(f"trading_date is {day!r}: give a date such as 2026-11-20") from None
        return await run_in_threadpool(simulation.truth, feed, trading_date)

    async def faults(request: Request) -> ArmedFaults:
        if request.method == "POST":
            simulation.faults.arm(await _body(request, Fault), simulation.clock.now_ns())
        elif request.method == "DELETE":
            simulation.faults.clear()
        return ArmedFaults(simulation.faults.armed(simulation.clock.now_ns()))

    async def requests(request: Request) -> Requests:
        text = request.query_params.get("limit", "100")
        if not text.isdecimal():
            raise OperatorError(f"limit is {text!r}: give a number")
        return Requests(*simulation.log.last(int(text)))

    async def healthz(_: Request) -> Health:
        return Health("ok", simulation.market.seed)

    return Starlette(
        routes=[
            Route("/clock", _answered(read_clock), methods=["GET"]),
            Route("/clock", _answered(set_clock), methods=["POST"]),
            Route("/tape", _answered(load_tape), methods=["POST"]),
            Route("/truth", _answered(truth), methods=["GET"]),
            Route("/faults", _answered(faults), methods=["GET", "POST", "DELETE"]),
            Route("/requests", _answered(requests), methods=["GET"]),
            Route("/healthz", _answered(healthz), methods=["GET"]),
        ]
    )


def _answered(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            body, status = await handler(request), 200
        except OperatorError as error:
            body, status = Failure(str(error)), 400
        return Response(msgspec.json.encode(body), status, media_type="application/json")

    return endpoint


async def _body(request: Request, kind: type[Body]) -> Body:
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OperatorError(f"the request's body is not usable: {error}") from None


def _clock_state(simulation: Simulation) -> ClockState:
    tick = simulation.clock.read()
    return ClockState(tick.market_at, tick.speed, tick.mode)


def _change_clock(simulation: Simulation, change: ClockChange) -> None:
    clock = simulation.clock
    if change.advance_s is not None:
        if change.mode or change.market_at or change.speed:
            raise OperatorError("advance_s stands alone: send it without mode, market_at and speed")
        clock.advance(timedelta(seconds=change.advance_s))
        return
    if change.mode is None:
        raise OperatorError("mode is missing: use real, fast or step, or advance_s")
    if change.mode == "real":
        clock.run_real()
        return
    market_at = change.market_at or clock.read().market_at
    if market_at.tzinfo is None or not _EARLIEST <= market_at <= datetime.now(UTC) + timedelta(days=300):
        raise OperatorError(
            f"market_at is {market_at.isoformat()}: give a time with a zone, from 1990 to 300 days ahead"
        )
    if change.mode == "fast":
        clock.run_fast(market_at, change.speed if change.speed is not None else _DEFAULT_SPEED)
    else:
        clock.stand(market_at)
