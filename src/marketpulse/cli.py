"""The `marketpulse` command: wiring only. Each command parses its options and calls one library function.

Libraries are imported inside the commands, so that `marketpulse --help` answers at once and a small command does not
pay for a large one. Every expected error is one line on stderr and the exit status of its class in errors.py.
"""

import logging
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from marketpulse.errors import MarketPulseError, OperatorError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A market-data pipeline that proves what it did.")
migrate_app = typer.Typer(no_args_is_help=True, help="The schema: plan, apply, verify; and the database roles.")
app.add_typer(migrate_app, name="migrate")
stream_app = typer.Typer(no_args_is_help=True, help="The stream from Kafka to Postgres.")
app.add_typer(stream_app, name="stream")

Json = Annotated[bool, typer.Option("--json", help="machine-readable output")]


def _date(text: str | None) -> date | None:
    return None if text is None else _required_date(text)


def _required_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise OperatorError(f"{text!r} is not a date: write it as 2026-11-20") from None


def _range(date_from: str | None, date_to: str | None) -> tuple[date | None, date | None]:
    first, last = _date(date_from), _date(date_to)
    if first is not None and last is not None and first > last:
        raise OperatorError(f"{first} is after {last}: give --from the earlier date")
    return first, last


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise OperatorError(f"{text!r} is not a time: write it as 2026-11-20T21:00:00Z") from None
    if moment.tzinfo is None:
        raise OperatorError(f"{text!r} has no zone: end it with Z for UTC")
    return moment


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
    speed: Annotated[float, typer.Option(help="market seconds a second", min=1.0)] = 1500.0,
) -> None:
    """Start the stack and play one trading day through it, by way of Airflow."""
    from rich.console import Console

    from marketpulse.demo import report
    from marketpulse.demo.play import Demo
    from marketpulse.demo.run import run_demo
    from marketpulse.local import progress

    wanted = Demo(tape=tape, symbol=symbol, timezone=timezone, day=_date(day), speed=speed)
    with progress.shown() as reporter:
        played = run_demo(wanted, reporter)
    # A file or a pipe has no width of its own; the tables need this much.
    report.show(played, Console() if sys.stdout.isatty() else Console(width=140))
    if not played.proof.balanced:
        raise MarketPulseError("an equation does not balance: see the table above, and 'marketpulse prove'")


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
    raise typer.Exit(run_producer(settings, trading_date=_date(session), until=_moment(until), continuous=continuous))


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


@app.command()
def connect() -> None:
    """Give a running Airflow its Connections and unpause the DAGs; for a stack that `up` does not start."""
    from marketpulse.local.airflow_connections import connect_airflow
    from marketpulse.settings import settings

    connect_airflow(settings())


@app.command()
def rollup(
    date_from: Annotated[str | None, typer.Option("--from")] = None,
    date_to: Annotated[str | None, typer.Option("--to")] = None,
) -> None:
    """Compute the rollups of a range; without one, of the days that changed."""
    from marketpulse.settings import settings
    from marketpulse.warehouse.rollups import compute_daily

    first, last = _range(date_from, date_to)
    now = settings()
    dsn = now.operations_dsn.get_secret_value()
    for day in compute_daily(dsn, first, last, feed_order=now.feed_order):
        typer.echo(f"{day.trading_date}: {len(day.symbols)} symbols")


@app.command("corporate-actions")
def corporate_actions(file: Path) -> None:
    """Record splits and cash dividends from a CSV file; the same file again adds nothing."""
    from marketpulse.settings import settings
    from marketpulse.warehouse.corporate_actions import read_actions, record_actions

    dsn = settings().operations_dsn.get_secret_value()
    recorded = record_actions(dsn, read_actions(file), source=file.name)
    for action in recorded:
        typer.echo(f"{action.symbol} {action.ex_date}: {action.action_type}")
    typer.echo(f"{len(recorded)} new; the next rollup adjusts the series" if recorded else "nothing new")


@app.command()
def halts(file: Path) -> None:
    """Import trading halts: a CSV with symbol, halted_at, resumed_at, reason. Their days are computed again later."""
    from marketpulse.settings import settings
    from marketpulse.warehouse.halts import import_halts

    found = import_halts(settings().operations_dsn.get_secret_value(), file)
    typer.echo(f"{found.lines} halts, {found.changed} of them new or changed; {found.dirtied} days to compute again")


@app.command()
def report(
    day: Annotated[str, typer.Option("--date", help="the session to report")],
    output: Annotated[Path | None, typer.Option(help="default: the date in the folder of reports")] = None,
) -> None:
    """Write one session as an HTML page that needs no network."""
    from marketpulse.report.file import report_dir, report_path, write_report
    from marketpulse.settings import settings

    trading_date = _required_date(day)
    path = output or report_path(report_dir(settings()), trading_date)
    typer.echo(write_report(settings().reader_dsn.get_secret_value(), trading_date, path))


@app.command()
def health(as_json: Json = False) -> None:
    """One state of the pipeline, and the checks behind it. Exit status 1 when it is critical."""
    from marketpulse.monitor.health import check
    from marketpulse.monitor.health_view import as_text
    from marketpulse.settings import settings

    found = check(settings())
    typer.echo(found.as_json() if as_json else as_text(found))
    raise typer.Exit(1 if found.state == "critical" else 0)


@app.command()
def prove(
    day: Annotated[str | None, typer.Option("--date")] = None,
    date_from: Annotated[str | None, typer.Option("--from")] = None,
    date_to: Annotated[str | None, typer.Option("--to")] = None,
    as_json: Json = False,
) -> None:
    """Print every conservation equation with its numbers. Exit status 1 when one does not balance."""
    from marketpulse.settings import settings
    from marketpulse.warehouse import proof, proof_view

    first, last = _range(day or date_from, day or date_to)
    now = settings()
    found = proof.prove(
        now.operations_dsn.get_secret_value(),
        date_from=first,
        date_to=last,
        truth_url=now.market_clock if now.market_clock != "host" else None,
        kafka_bootstrap=now.kafka_bootstrap,
    )
    typer.echo(proof_view.as_json(found) if as_json else proof_view.as_text(found))
    raise typer.Exit(0 if found.balanced else 1)


@stream_app.command("resume")
def stream_resume(
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="write the loss down and go on without it")
    ] = False,
) -> None:
    """Show what Kafka lost before it landed; with --accept-loss, move the stream on. Exit status 1 when only shown."""
    from marketpulse.settings import settings
    from marketpulse.stream.resume import operator, resume

    now = settings()
    accepted_by = operator() if accept_loss else None
    losses = resume(now.writer_dsn.get_secret_value(), now.kafka_bootstrap, accepted_by=accepted_by)
    for loss in losses:
        typer.echo(loss)
    if not losses:
        typer.echo("nothing is lost: the stream goes on where the ledger stands")
    elif accept_loss:
        typer.echo("accepted: start the stream again (the DAG market_stream)")
    else:
        typer.echo("nothing was changed: --accept-loss goes on without these records")
        raise typer.Exit(1)


@app.command("mart-reference")
def mart_reference() -> None:
    """Print every view and column of the mart with its comment, as docs/mart.md."""
    from marketpulse.settings import settings
    from marketpulse.warehouse import mart_reference

    typer.echo(mart_reference.as_markdown(settings().reader_dsn.get_secret_value()), nl=False)


@migrate_app.command("plan")
def migrate_plan() -> None:
    """Show what `apply` would run."""
    from marketpulse.warehouse import migrations

    typer.echo(migrations.as_text(migrations.plan(_owner())))


@migrate_app.command("apply")
def migrate_apply() -> None:
    """Run the pending migrations, one process at a time, and fill what the mart's dimensions stand on."""
    from marketpulse.settings import settings
    from marketpulse.warehouse import migrations
    from marketpulse.warehouse.dimensions import fill_dimensions

    applied = migrations.apply(_owner())
    fill_dimensions(_owner(), settings().calendar)
    typer.echo("\n".join(f"applied {name}" for name in applied) or "nothing to apply")


@migrate_app.command("verify")
def migrate_verify() -> None:
    """Check that the database has every migration, exactly as the files say."""
    from marketpulse.warehouse import migrations

    typer.echo(f"{len(migrations.verify(_owner()))} migrations, all as written")


@migrate_app.command("roles")
def migrate_roles() -> None:
    """Create the database and its four roles with the passwords of the settings' addresses; needs a superuser's."""
    from marketpulse.settings import settings
    from marketpulse.warehouse.roles import ReaderLimits, RolePasswords, ensure_roles

    now = settings()
    ensure_roles(
        now.superuser_dsn.get_secret_value(),
        RolePasswords.of_dsns(
            owner=now.owner_dsn.get_secret_value(),
            writer=now.writer_dsn.get_secret_value(),
            operations=now.operations_dsn.get_secret_value(),
            reader=now.reader_dsn.get_secret_value(),
        ),
        ReaderLimits(now.reader_statement_timeout_s, now.reader_connections),
    )


def _owner() -> str:
    from marketpulse.settings import settings

    dsn = settings().owner_dsn.get_secret_value()
    if not dsn:
        raise OperatorError("MARKETPULSE_OWNER_DSN is empty: run make up first, or set the owner's address")
    return dsn


def main() -> None:
    """Run the command line; never shows a traceback for an error that MarketPulse expects."""
    try:
        # It returns the status of an Exit, and 130 for Ctrl-C, instead of raising them.
        sys.exit(app(standalone_mode=False) or 0)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except typer.Abort:
        sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)
    except MarketPulseError as error:
        typer.echo(f"marketpulse: {error}", err=True)
        sys.exit(error.exit_status)
    except OSError as error:
        # A file or folder that cannot be used, wherever it was needed.
        reason = error.strerror or str(error)
        typer.echo(f"marketpulse: {f'{error.filename}: {reason}' if error.filename else reason}", err=True)
        sys.exit(OperatorError.exit_status)
    except Exception as error:
        # Usage errors of the command line carry their own text and status.
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            typer.echo(f"marketpulse: {error.format_message()}", err=True)
            sys.exit(error.exit_code)
        raise
