"""Commands of the stream from Kafka to Postgres."""

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The stream from Kafka to Postgres.")


@app.command()
def resume(
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="write the loss down and go on without it")
    ] = False,
    accept_dead_letters: Annotated[
        bool, typer.Option("--accept-dead-letters", help="let the unusable records in Kafka become dead letters")
    ] = False,
) -> None:
    """Show why the stream cannot go on: records that Kafka lost, or a flood of unusable ones.

    With a flag that is written down and the stream can be started again. Exit status 1 when something is only shown.
    """
    from marketpulse.settings import settings
    from marketpulse.stream.consent import accept_dead_letters as accept
    from marketpulse.stream.consent import stops
    from marketpulse.stream.resume import operator, resume

    now = settings()
    dsn, bootstrap = now.writer_dsn.get_secret_value(), now.kafka_bootstrap
    losses = resume(dsn, bootstrap, accepted_by=operator() if accept_loss else None)
    floods = accept(dsn, bootstrap, accepted_by=operator()) if accept_dead_letters else stops(dsn)
    for reason in (*losses, *floods):
        typer.echo(reason)
    if not losses and not floods:
        typer.echo("nothing is lost and nothing has stopped: the stream goes on where the ledger stands")
        return
    if losses and not accept_loss:
        typer.echo("nothing was changed: --accept-loss goes on without the lost records")
    if floods and not accept_dead_letters:
        typer.echo("nothing was changed: --accept-dead-letters lets the unusable records become dead letters")
    if (losses and not accept_loss) or (floods and not accept_dead_letters):
        raise typer.Exit(1)
    typer.echo("accepted: start the stream again (the DAG market_stream)")


@app.command()
def repartition(
    partitions: Annotated[int, typer.Argument(help="how many the event topic shall have, more than now", min=1)],
) -> None:
    """Give the event topic more partitions. Stop the producer, let the stream drain, stop it too; then start both."""
    from marketpulse.settings import settings
    from marketpulse.stream.repartition import repartition

    now = settings()
    typer.echo(repartition(now.writer_dsn.get_secret_value(), now.kafka_bootstrap, partitions))
