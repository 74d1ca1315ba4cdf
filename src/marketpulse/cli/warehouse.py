"""Commands on what has landed: rollups, what people tell of the market, reports and proofs."""

from pathlib import Path
from typing import Annotated

import typer

from marketpulse.cli.arguments import Json, date_range, required_date

app = typer.Typer()


@app.command()
def rollup(
    date_from: Annotated[str | None, typer.Option("--from")] = None,
    date_to: Annotated[str | None, typer.Option("--to")] = None,
) -> None:
    """Compute the rollups of a range; without one, of the days that changed."""
    from marketpulse.settings import settings
    from marketpulse.warehouse.rollups import compute_daily

    first, last = date_range(date_from, date_to)
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

    trading_date = required_date(day)
    path = output or report_path(report_dir(settings()), trading_date)
    typer.echo(write_report(settings().reader_dsn.get_secret_value(), trading_date, path))


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

    first, last = date_range(day or date_from, day or date_to)
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


@app.command("mart-reference")
def mart_reference() -> None:
    """Print every view and column of the mart with its comment, as docs/mart.md."""
    from marketpulse.settings import settings
    from marketpulse.warehouse import mart_reference

    typer.echo(mart_reference.as_markdown(settings().reader_dsn.get_secret_value()), nl=False)
