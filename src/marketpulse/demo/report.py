"""What a demo ends with: the day's table, the equations, and where to look next."""

from rich.console import Console
from rich.table import Table

from marketpulse.demo.run import Played
from marketpulse.local.loopback import LOOPBACK
from marketpulse.report.file import report_path
from marketpulse.resources import read_sql
from marketpulse.store.postgres import connect
from marketpulse.warehouse.proof_view import equation_table

COLUMNS = ("symbol", "feed", "open", "high", "low", "close", "volume", "VWAP", "trades", "coverage %")
LEFT_COLUMNS = ("symbol", "feed")


def show(played: Played, console: Console) -> None:
    """Print everything."""
    console.print(_day_table(played))
    console.print(equation_table(played.proof))
    console.print(_addresses(played), markup=False, highlight=False)


def _day_table(played: Played) -> Table:
    play = played.play
    table = Table(title=f"{play.session.calendar} {play.session.trading_date}, feed {play.feed}")
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in LEFT_COLUMNS else "right", no_wrap=True)
    wanted = {"trading_date": play.session.trading_date, "symbols": list(play.symbols)}
    with connect(played.blueprint.dsn("reader"), application_name="demo", autocommit=True) as connection:
        rows = connection.execute(read_sql("demo/day"), wanted).fetchall()
    for row in rows:
        table.add_row(*(_text(value) for value in row))
    if others := sorted({str(feed) for _, feed, *_ in rows} - {play.feed}):
        table.caption = (
            f"The mart shows one feed a day, the one that covered it best: "
            f"rows of {', '.join(others)} are not what was played just now."
        )
    return table


def _addresses(played: Played) -> str:
    blueprint = played.blueprint
    ports = blueprint.plan.ports
    page = report_path(blueprint.layout.reports, played.play.session.trading_date)
    return "\n".join(
        (
            f"Airflow      {blueprint.airflow.url}  user admin, password in {blueprint.layout.airflow_passwords}",
            f"Spark        http://{LOOPBACK}:{ports.spark_master_ui}",
            f"Kafka        {blueprint.kafka.bootstrap}  (marketpulse consume --max 5)",
            f"PostgreSQL   {LOOPBACK}:{ports.postgres}, database marketpulse, user marketpulse_reader",
            "             its password: marketpulse status --json, under postgres.reader",
            f"Power BI     {blueprint.layout.power_bi}",
            f"Report       {page if page.is_file() else 'not written: see the task report of DAG daily_rollups'}",
            "Stop         make down",
        )
    )


def _text(value: object) -> str:
    if value is None:
        return "-"
    text = f"{value:,f}" if hasattr(value, "as_tuple") else f"{value:,}" if isinstance(value, int) else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text
