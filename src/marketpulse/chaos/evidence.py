"""What a failed round leaves for whoever looks into it: proof, health, components, and the ends of the logs."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from marketpulse.chaos.site import Site
from marketpulse.local.pipeline_dags import PRODUCER_DAG, STREAM_DAG
from marketpulse.local.status import stack_status
from marketpulse.monitor.health import check
from marketpulse.warehouse.proof import Proof
from marketpulse.warehouse.proof_view import as_text

_LOG_BYTES = 1024**2


def keep(site: Site, folder: Path, failure: str, proof: Proof | None) -> None:
    """Writes it all into `folder`. Asks each component, which may take seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "failure.txt").write_text(failure + "\n", encoding="utf-8")
    if proof is not None:
        (folder / "proof.txt").write_text(as_text(proof) + "\n", encoding="utf-8")
    (folder / "health.json").write_text(check(site.settings).as_json() + "\n", encoding="utf-8")
    components = msgspec.json.encode(stack_status(site.blueprint).components)
    (folder / "components.json").write_bytes(msgspec.json.format(components) + b"\n")
    layout = site.blueprint.layout
    for log in (*layout.logs.glob("*.log"), *_task_logs(layout.airflow / "logs")):
        with contextlib.suppress(FileNotFoundError):
            (folder / log.name).write_bytes(_end_of(log))


def _task_logs(root: Path) -> Iterable[Path]:
    """The newest log of the stream's task and of the producer's."""
    for dag_id in (STREAM_DAG, PRODUCER_DAG):
        logs = sorted((root / f"dag_id={dag_id}").rglob("*.log"), key=lambda path: path.stat().st_mtime)
        yield from logs[-1:]


def _end_of(log: Path) -> bytes:
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - _LOG_BYTES, 0))
        return file.read()
