"""Parses the model with tools that are not ours: DAX with pbi-parsers, TMDL with powerbi-tmdl-tools.

Run by check.sh in an environment that has both. With `--m` it prints the model's Power Query expressions as JSON
instead.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.powerbi.project import PROJECT, definition, measures, tables


def power_query() -> dict[str, str]:
    partitions = {table.name: table.of("partition")[0].properties["source"] for table in tables().values()}
    # `meta` is an operator, which a lone expression may hold as well.
    return partitions | {node.name: node.expression for node in definition("expressions").of("expression")}


def broken_dax() -> list[str]:
    from pbi_parsers import dax

    broken = []
    for name, (_, measure) in measures().items():
        try:
            dax.to_ast(measure.expression)
        except (AssertionError, ValueError) as error:
            broken.append(f"{name}: {error or 'cannot be parsed'}")
    return broken


def differing_tables() -> list[str]:
    """Tables of which the other reader sees other measures or columns than ours."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "model.json"
        command = ["tmdl-to-json", str(PROJECT / "MarketPulse.pbip"), "-o", str(target)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        read = json.loads(target.read_text(encoding="utf-8"))
    theirs = {table["name"].strip("'"): _names(table) for table in read["tables"]}
    ours = {
        table.name: {node.name for node in [*table.of("measure"), *table.of("column")]} for table in tables().values()
    }
    return sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))


def _names(table: dict[str, list[dict[str, str]]]) -> set[str]:
    return {node["name"].strip("'") for kind in ("measures", "columns") for node in table.get(kind, [])}


def main() -> int:
    if "--m" in sys.argv:
        json.dump(power_query(), sys.stdout)
        return 0
    dax, tmdl = broken_dax(), differing_tables()
    sys.stdout.write("".join(f"{line}\n" for line in dax))
    sys.stdout.write(f"{len(measures())} DAX expressions, {len(dax)} broken\n")
    sys.stdout.write(f"{len(tables())} TMDL tables, {len(tmdl)} read differently: {', '.join(tmdl) or '-'}\n")
    return 1 if dax or tmdl else 0


if __name__ == "__main__":
    sys.exit(main())
