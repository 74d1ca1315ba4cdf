"""Commands of the stream from Kafka to Postgres."""

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The stream from Kafka to Postgres.")


@app.command()
def resume(
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
