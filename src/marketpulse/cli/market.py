"""Commands that bring the market to Kafka, and read it back."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from marketpulse.cli.arguments import Json, a_date, moment

app = typer.Typer()


@app.command()
def simulate(
    port: Annotated[int, typer.Option(help="port of the providers' HTTP faces", min=0, max=65535)] = 8090,
    control_port: Annotated[int, typer.Option(help="port of the control API", min=0, max=65535)] = 8091,
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    seed: Annotated[int, typer.Option()] = 1,
    state: Annotated[Path | None, typer.Option(help="file that keeps the clock over a restart")] = None,
) -> None:
    """Serve the simulated market over HTTP."""
    from marketpulse.simulator.app import serve

    serve(host=host, port=port, control_port=control_port, seed=seed, state_file=state)


@app.command()
def produce(
    provider: Annotated[str | None, typer.Option()] = None,
    symbols: Annotated[str | None, typer.Option(help="comma separated; default: the settings'")] = None,
    feed: Annotated[str | None, typer.Option()] = None,
    calendar: Annotated[str | None, typer.Option()] = None,
    session: Annotated[str | None, typer.Option(help="trading date; default: the current or next one")] = None,
    until: Annotated[str | None, typer.Option(help="market time to stop at, before the session's sweep")] = None,
    poll_interval: Annotated[float | None, typer.Option(help="seconds between polls", min=0.05)] = None,
    continuous: Annotated[bool, typer.Option(help="session after session, without an end")] = False,
) -> None:
    """Poll the provider and publish to Kafka until the session is complete; prints progress as JSON lines."""
    from marketpulse.ingest.producer import run_producer
    from marketpulse.settings import load_settings

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    chosen = {"provider": provider, "symbols": symbols, "feed": feed, "calendar": calendar}
    settings = load_settings(
        **{name: value for name, value in chosen.items() if value},
        **({"poll_interval_s": poll_interval} if poll_interval else {}),
    )
    raise typer.Exit(run_producer(settings, trading_date=a_date(session), until=moment(until), continuous=continuous))


@app.command()
def consume(
    beginning: Annotated[bool, typer.Option("--from-beginning", help="default: from the end")] = False,
    maximum: Annotated[int | None, typer.Option("--max", help="stop after this many events", min=1)] = None,
    as_json: Json = False,
) -> None:
    """Print the topic's events, deserialised."""
    from marketpulse.ingest.consume_view import show

    show(beginning=beginning, maximum=maximum, as_json=as_json)


@app.command()
def replay(
    file: Path,
    symbol: Annotated[str, typer.Option()],
    timezone: Annotated[str, typer.Option(help="the zone of the file's times")],
    kind: Annotated[str, typer.Option(help="trades")] = "trades",
) -> None:
    """Publish a recorded file straight through the contract and Kafka; the same file again adds nothing."""
    from marketpulse.ingest.replay import replay_file
    from marketpulse.settings import settings

    typer.echo(replay_file(file, symbol=symbol, kind=kind, timezone=timezone, settings=settings()))


@app.command()
def topics() -> None:
    """Create the topics, or check those that exist against the settings."""
    from marketpulse.ingest.topic_setup import ensure_topics
    from marketpulse.settings import settings

    for line in ensure_topics(settings().kafka_bootstrap, settings()):
        typer.echo(line)
