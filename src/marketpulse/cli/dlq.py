"""Commands for dead letters: records that could not be represented, kept with their bytes until a person decides."""

from pathlib import Path
from typing import Annotated

import typer

from marketpulse.cli.arguments import Json, a_date

app = typer.Typer(no_args_is_help=True, help="Dead letters: look, correct, send again, or give up.")

Reason = Annotated[str | None, typer.Option(help="only letters of this reason")]
Producer = Annotated[str | None, typer.Option(help="only letters of this producer")]
Date = Annotated[str | None, typer.Option("--date", help="only letters that landed on this day, UTC")]
Ids = Annotated[list[str] | None, typer.Argument(help="ids, or their first digits")]


@app.command("list")
def list_(
    reason: Reason = None,
    producer: Producer = None,
    day: Date = None,
    state: Annotated[
        str, typer.Option(help="waiting (open or fixed), open, fixed, replayed, accepted, any")
    ] = "waiting",
    most: Annotated[int, typer.Option(help="how many to show", min=1)] = 50,
    as_json: Json = False,
) -> None:
    """Show the dead letters that nobody has replayed or accepted, or others."""
    from marketpulse.dlq import letter, view
    from marketpulse.settings import settings

    wanted = letter.Selection(state=state, reason=reason, producer=producer, landed_on=a_date(day))
    redact = view.redactor(settings())
    with letter.reading(settings().operations_dsn.get_secret_value()) as connection:
        found = letter.find(connection, wanted, most=most, body_limit=view.LIST_BODY)
        counted = letter.counts(connection, wanted)
    typer.echo((view.list_as_json if as_json else view.list_as_text)(found, counted, redact))


@app.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="the id, or its first digits")],
    full: Annotated[bool, typer.Option("--full", help="the whole body, however long")] = False,
    as_json: Json = False,
) -> None:
    """Show one dead letter: its bytes without keys, its correction, and what was done about it."""
    from marketpulse.dlq import letter, view
    from marketpulse.settings import settings

    with letter.reading(settings().operations_dsn.get_secret_value()) as connection:
        found = letter.the_letter(connection, letter_id, body_limit=None if full else view.SHOWN_BODY)
        past = letter.history(connection, found)
    typer.echo((view.one_as_json if as_json else view.one_as_text)(found, past, view.redactor(settings())))


@app.command()
def fix(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="the id, or its first digits")],
    sets: Annotated[list[str] | None, typer.Option("--set", help="path=value, such as price=10.25")] = None,
    unsets: Annotated[list[str] | None, typer.Option("--unset", help="a path to take out")] = None,
    file: Annotated[Path | None, typer.Option(help="the corrected record; - for standard input")] = None,
) -> None:
    """Store a correction, checked against the contract. The bytes that came are kept; nothing is sent yet."""
    from marketpulse.dlq import correction, view
    from marketpulse.dlq.candidate import Bench
    from marketpulse.settings import settings
    from marketpulse.stream.resume import operator

    edits = [*map(correction.parse_set, sets or ()), *map(correction.parse_unset, unsets or ())]
    body = None if file is None else typer.get_binary_stream("stdin").read() if str(file) == "-" else file.read_bytes()
    now = settings()
    dsn = now.operations_dsn.get_secret_value()
    fixed = correction.fix(dsn, letter_id, edits, file=body, bench=Bench.of(now), fixed_by=operator())
    typer.echo(view.fixed_as_text(fixed, view.redactor(now)))


@app.command()
def replay(
    ids: Ids = None,
    reason: Reason = None,
    producer: Producer = None,
    day: Date = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be sent")] = False,
    as_json: Json = False,
) -> None:
    """Send the waiting letters that can be read now; again, it adds nothing. Exit status 1 when a named one stays."""
    from marketpulse.dlq import letter, view
    from marketpulse.dlq.replay import replay
    from marketpulse.settings import settings
    from marketpulse.stream.resume import operator

    now = settings()
    named = letter.named(now.operations_dsn.get_secret_value(), ids or ())
    wanted = letter.Selection(named, reason=reason, producer=producer, landed_on=a_date(day))
    done = replay(now, wanted, replayed_by=operator(), dry_run=dry_run)
    redact = view.redactor(now)
    typer.echo(view.replayed_as_json(done, redact) if as_json else view.replayed_as_text(done, redact, dry_run=dry_run))
    raise typer.Exit(1 if ids and done.unsent else 0)


@app.command()
def accept(
    because: Annotated[str, typer.Option(help="why these records are given up")],
    ids: Ids = None,
    reason: Reason = None,
    producer: Producer = None,
    day: Date = None,
    by: Annotated[str | None, typer.Option(help="who says so; default: the user of this command")] = None,
) -> None:
    """Give letters up on purpose: they stay in the books, with who said so and why."""
    from marketpulse.dlq import letter, view
    from marketpulse.dlq.acceptance import accept
    from marketpulse.settings import settings
    from marketpulse.stream.resume import operator

    dsn = settings().operations_dsn.get_secret_value()
    wanted = letter.Selection(letter.named(dsn, ids or ()), reason=reason, producer=producer, landed_on=a_date(day))
    typer.echo(view.accepted_as_text(accept(dsn, wanted, reason=because, accepted_by=by or operator())))
