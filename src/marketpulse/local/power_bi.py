"""The file that opens Power BI Desktop on this stack's database."""

import json
from pathlib import Path


def write_pbids(path: Path, *, server: str, database: str) -> None:
    """A `.pbids` file: address only, Power BI asks for the login itself."""
    address = {"server": server, "database": database}
    connection = {"details": {"protocol": "postgresql", "address": address}, "options": {}, "mode": "Import"}
    path.write_text(json.dumps({"version": "0.1", "connections": [connection]}, indent=2) + "\n", encoding="utf-8")
