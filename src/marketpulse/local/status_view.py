"""`marketpulse status` as a person or a program reads it."""

import io

import msgspec
from rich.console import Console
from rich.table import Table

from marketpulse.errors import OperatorError
from marketpulse.local.blueprint import Blueprint
from marketpulse.local.layout import Layout
from marketpulse.local.status import StackStatus, stack_status


def render(*, as_json: bool) -> str:
    """The whole text. Raises OperatorError when no stack is running."""
    blueprint = Blueprint.stored(Layout.current())
    status = stack_status(blueprint) if blueprint is not None else None
    if status is None or not status.running:
        raise OperatorError("not running: make up")
    if as_json:
        return msgspec.json.format(msgspec.json.encode(status)).decode()
    return _table(status)


def _table(status: StackStatus) -> str:
    table = Table("component", "address", "pid", "healthy")
    for name, component in status.components.items():
        pid = str(component.pid) if component.pid else "-"
        table.add_row(name, component.address, pid, "yes" if component.healthy else "[bold red]no[/]")
    text = io.StringIO()
    Console(file=text, width=100).print(table)
    return text.getvalue().rstrip()
