"""Commands for operators of a running pipeline."""

import typer

from marketpulse.cli.arguments import Json

app = typer.Typer()


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
def connect() -> None:
    """Give a running Airflow its Connections and unpause the DAGs; for a stack that `up` does not start."""
    from marketpulse.local.airflow_connections import connect_airflow
    from marketpulse.settings import settings

    connect_airflow(settings())
