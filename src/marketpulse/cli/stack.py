"""Commands of the local stack and its demo."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from marketpulse.cli.arguments import Json, a_date
from marketpulse.errors import MarketPulseError

app = typer.Typer()


@app.command()
def up() -> None:
    """Start every component, migrate the schema, create topics and connections, unpause the stream. Idempotent."""
    from marketpulse.local import progress, stack

    with progress.shown() as reporter:
        stack.up(reporter)
    running = stack.running()
    typer.echo(
        f"Airflow {running.airflow_url}, user {running.airflow_user}; Spark {running.spark_ui}; Kafka {running.kafka}\n"
        f"Power BI: open {running.power_bi_file}; its user is marketpulse_reader, its password is in\n"
        "'marketpulse status --json' under postgres.reader"
    )


@app.command()
def down() -> None:
    """Stop everything this stack started, also what a crash left behind. Data stays."""
    from marketpulse.local import stack

    stopped = stack.down()
    typer.echo(f"stopped {', '.join(stopped)}" if stopped else "nothing was running")


@app.command()
def status(as_json: Json = False) -> None:
    """Every component with its address and whether it is healthy."""
    from marketpulse.local import status_view

    typer.echo(status_view.render(as_json=as_json))


@app.command()
def logs(name: str, follow: Annotated[bool, typer.Option("-f", "--follow")] = False) -> None:
    """Show one component's log; -f goes on as it grows."""
    from marketpulse.local.component_log import log_lines

    for line in log_lines(name, follow=follow):
        typer.echo(line)


@app.command()
def demo(
    tape: Annotated[Path | None, typer.Option(help="a trades file to play instead of the generated day")] = None,
    symbol: Annotated[str, typer.Option(help="the symbol of the tape")] = "",
    timezone: Annotated[str, typer.Option(help="the zone of the tape's times")] = "America/New_York",
    day: Annotated[str | None, typer.Option("--date", help="session to play; default: the last completed one")] = None,
    speed: Annotated[float, typer.Option(help="market seconds a second", min=1.0)] = 2500.0,
) -> None:
    """Start the stack and play one trading day through it, by way of Airflow."""
    from rich.console import Console

    from marketpulse.demo import report
    from marketpulse.demo.play import Demo
    from marketpulse.demo.run import run_demo
    from marketpulse.local import progress

    wanted = Demo(tape=tape, symbol=symbol, timezone=timezone, day=a_date(day), speed=speed)
    with progress.shown() as reporter:
        played = run_demo(wanted, reporter)
    # A file or a pipe has no width of its own; the tables need this much.
    report.show(played, Console() if sys.stdout.isatty() else Console(width=140))
    if not played.proof.balanced:
        raise MarketPulseError("an equation does not balance: see the table above, and 'marketpulse prove'")
