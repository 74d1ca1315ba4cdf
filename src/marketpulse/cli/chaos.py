"""The command that breaks the running stack on purpose."""

from pathlib import Path
from typing import Annotated

import typer

from marketpulse.errors import MarketPulseError

app = typer.Typer()


@app.command()
def chaos(
    rounds: Annotated[int, typer.Option(help="how many", min=1)] = 10,
    seed: Annotated[int, typer.Option(help="the same seed strikes the same blows in the same order")] = 1,
    once: Annotated[bool, typer.Option("--once", help="every fault once, whatever --rounds says")] = False,
    only: Annotated[list[str] | None, typer.Option(help="faults whose name holds this word; may be repeated")] = None,
    without: Annotated[list[str] | None, typer.Option(help="no fault whose name holds this word")] = None,
    hold: Annotated[float, typer.Option(help="seconds a frozen process or a full disk stays so", min=1.0)] = 30.0,
    speed: Annotated[float, typer.Option(help="market seconds a second", min=1.0)] = 60.0,
    disk: Annotated[Path | None, typer.Option(help="a folder on a small file system; default: mount one")] = None,
    put_back: Annotated[bool, typer.Option("--put-back", help="only undo what a killed run has left")] = False,
) -> None:
    """Kill, freeze, fill and delete in the running stack; after each blow it must recover and the proof must balance.

    Prints one row a round. Exit status 1 at the first round that fails; what it leaves is kept.
    """
    from marketpulse.chaos import run
    from marketpulse.chaos.table import as_markdown
    from marketpulse.local import progress

    wish = run.Wish(
        rounds=None if once else rounds,
        seed=seed,
        only=tuple(only or ()),
        without=tuple(without or ()),
        hold_s=hold,
        speed=speed,
        disk=disk.absolute() if disk else None,
    )
    if put_back:
        run.put_back(wish)
        return
    with progress.shown() as reporter:
        played = run.run_chaos(wish, reporter)
    typer.echo(as_markdown(played.outcomes))
    if not played.is_good:
        evidence = played.folder / f"round-{played.outcomes[-1].number:02}"
        failure = evidence / "failure.txt"
        typer.echo(failure.read_text(encoding="utf-8"), err=True)
        raise MarketPulseError(f"round {played.outcomes[-1].number} failed: what it left is in {evidence}")
