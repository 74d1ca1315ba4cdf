"""The public HTTP face: keys, limits, faults and headers around the providers' answers."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from marketpulse.events.timestamps import NS_PER_SECOND
from marketpulse.simulator import alpaca
from marketpulse.simulator.access import fingerprint, plan_of
from marketpulse.simulator.alpaca_query import RefusalError, feed_of
from marketpulse.simulator.faults import Fault
from marketpulse.simulator.request_log import LoggedRequest
from marketpulse.simulator.simulation import Simulation
from marketpulse.simulator.wire import time_text

_OUTAGE_PAGE = (
    b"<html><head><title>503 Service Temporarily Unavailable</title></head>"
    b"<body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer before faults got at it."""

    status: int
    body: bytes
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


_OUTAGE = Reply(503, _OUTAGE_PAGE, "text/html")


def public_app(simulation: Simulation) -> Starlette:
    """The providers' faces. GET only; every other method is refused."""

    async def stocks(request: Request) -> Response:
        started_s = time.perf_counter()
        endpoint = request.path_params["endpoint"]
        strikes = simulation.faults.strike(endpoint, simulation.clock.now_ns())
        for fault in strikes:
            if fault.name == "latency":
                await asyncio.sleep(fault.delay_s)
        now_ns = simulation.clock.now_ns()
        key = request.headers.get("apca-api-key-id", "")
        params = dict(request.query_params)
        reply = _fault_reply(strikes)
        if reply is None:
            reply = await run_in_threadpool(_reply, simulation, endpoint, params, key, now_ns)
        response = _response(reply, strikes, now_ns)
        simulation.log.add(
            LoggedRequest(
                number=0,
                market_at=time_text(now_ns),
                method=request.method,
                path=request.url.path,
                query=request.url.query,
                key=fingerprint(key),
                status=reply.status,
                bytes=len(reply.body),
                faults=tuple(fault.name for fault in strikes),
                elapsed_ms=round((time.perf_counter() - started_s) * 1000, 3),
            )
        )
        return response

    return Starlette(routes=[Route("/alpaca/v2/stocks/{endpoint:path}", stocks, methods=["GET"])])


def _reply(simulation: Simulation, endpoint: str, params: Mapping[str, str], key: str, now_ns: int) -> Reply:
    plan = plan_of(key)
    if plan is None:
        return _message(403, "forbidden.")
    allowance = simulation.limits.take(key, plan, now_ns)
    headers = allowance.headers()
    if allowance.remaining < 0:
        return _message(429, "too many requests.", headers)
    try:
        if simulation.is_out(feed_of(params, "iex"), now_ns):
            return _OUTAGE
        body = alpaca.answer(simulation.market, endpoint, params, plan, now_ns)
    except RefusalError as refusal:
        return _message(refusal.status, refusal.message, headers)
    return Reply(200, body, headers=headers)


def _message(status: int, text: str, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, msgspec.json.encode({"message": text}), headers=headers or {})


def _fault_reply(strikes: tuple[Fault, ...]) -> Reply | None:
    for fault in strikes:
        if fault.name == "outage":
            return _OUTAGE
        if fault.name == "http_status":
            headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
            return Reply(fault.status, fault.body.encode(), headers=headers)
    return None


def _response(reply: Reply, strikes: tuple[Fault, ...], now_ns: int) -> Response:
    # The provider's Date is the market's time: clients compare it with their market clock.
    headers = {**reply.headers, "Date": formatdate(now_ns / NS_PER_SECOND, usegmt=True)}
    body = reply.body
    for fault in strikes:
        if fault.name == "truncate_body":
            if fault.full_length:
                headers["Content-Length"] = str(len(body))
            body = body[: int(len(body) * fault.keep)]
    return Response(body, reply.status, headers, reply.media_type)
