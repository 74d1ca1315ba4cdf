"""A proof as a person or a program reads it."""

import io

import msgspec
from rich.console import Console
from rich.table import Table

from marketpulse.warehouse.equation import Equation
from marketpulse.warehouse.proof import Proof


def as_json(proof: Proof) -> str:
    """The whole proof as one JSON object, `balanced` among its keys."""
    document = {"balanced": proof.balanced, **msgspec.to_builtins(proof)}
    return msgspec.json.format(msgspec.json.encode(document)).decode()


def as_text(proof: Proof, *, width: int = 140) -> str:
    """Each equation with its numbers, below them the first places that break one."""
    text = io.StringIO()
    console = Console(file=text, width=width)
    console.print(equation_table(proof))
    for equation in proof.equations:
        for place in equation.offending:
            console.print(f"{equation.name}: {place}", markup=False, highlight=False)
    return text.getvalue().rstrip()


def equation_table(proof: Proof) -> Table:
    """One row an equation."""
    table = Table("equation", "left", "", "right", "", title="Conservation, from stored facts")
    table.columns[1].justify = table.columns[3].justify = "right"
    for equation in proof.equations:
        mark = "[green]holds[/]" if equation.balanced else f"[bold red]breaks in {equation.offences}[/]"
        table.add_row(equation.name, _side(equation, "left"), equation.relation, _side(equation, "right"), mark)
    return table


def _side(equation: Equation, side: str) -> str:
    number = equation.left if side == "left" else equation.right
    name = equation.left_name if side == "left" else equation.right_name
    return f"{name} {number.normalize():,f}"
