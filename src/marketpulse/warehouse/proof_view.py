"""A proof for people and for programs."""

from decimal import Decimal

import msgspec
from rich.markup import escape
from rich.table import Table

from marketpulse.warehouse.equation import Equation
from marketpulse.warehouse.proof import Proof

_COLOURS = {"ok": "green", "empty": "yellow", "BROKEN": "red"}


def equation_table(proof: Proof) -> Table:
    """The equations as a table for the terminal; a broken one shows its first offending place."""
    table = Table(title="Equations" if proof.balanced else "Equations: NOT balanced")
    table.add_column("")
    table.add_column("left", justify="right")
    table.add_column("")
    table.add_column("right", justify="right")
    table.add_column("means")
    for equation in proof.equations:
        meaning = f"{equation.left_name} {equation.relation} {equation.right_name}"
        table.add_row(
            f"[{_COLOURS[equation.verdict]}]{equation.verdict}[/]",
            _number(equation.left),
            equation.relation,
            _number(equation.right),
            escape("\n".join([meaning, *equation.offending[:1], *equation.named[:1]])),
        )
    return table


def as_text(proof: Proof) -> str:
    """One line an equation, below each broken one its offending places; what is not proven; and the verdict."""
    lines = [line for equation in proof.equations for line in _lines(equation)]
    broken = [equation.name for equation in proof.equations if not equation.balanced]
    verdict = f"does not balance: {', '.join(broken)}" if broken else f"{len(proof.equations)} equations balance"
    return "\n".join([*lines, *(f"unproven {text}" for text in proof.unproven), verdict])


def as_json(proof: Proof) -> str:
    """`{"balanced", "proved_at", "date_from", "date_to", "equations": [...], "unproven": [...]}`; numbers are decimal
    strings."""
    document = {"balanced": proof.balanced, **msgspec.to_builtins(proof)}
    for printed, equation in zip(document["equations"], proof.equations, strict=True):
        printed["balanced"] = equation.balanced
    return msgspec.json.encode(document).decode()


def _lines(equation: Equation) -> list[str]:
    left, right = _number(equation.left), _number(equation.right)
    statement = f"{left} {equation.left_name} {equation.relation} {right} {equation.right_name}"
    lines = [f"{equation.verdict:<6} {equation.name}: {statement}"]
    lines += [f"         {place}" for place in equation.offending]
    if equation.offences > len(equation.offending):
        lines.append(f"         and {equation.offences - len(equation.offending)} more")
    lines += [f"         note: {place}" for place in equation.named]
    return lines


def _number(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
