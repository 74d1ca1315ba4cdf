"""What every run finds: the contenders' tables, the filled topic, and the fingerprint of what is in it."""

from backlog.gate import create_tables, produced
from backlog.run import Stage
from backlog.stack import Stack
from backlog.topic import fill
from backlog.trades import Backlog


def staged(stack: Stack, backlog: Backlog) -> Stage:
    """Publish the backlog; blocks for some minutes."""
    create_tables(stack.dsns["owner"])
    rows_file = stack.layout.state / "rows.copy"
    fill(stack.broker.bootstrap, backlog, rows_file)
    return Stage(stack, backlog, rows_file, produced(stack.dsns["owner"], rows_file))
