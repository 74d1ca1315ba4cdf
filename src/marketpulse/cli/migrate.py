"""Commands of the schema and the database roles."""

import typer

from marketpulse.errors import OperatorError

app = typer.Typer(no_args_is_help=True, help="The schema: plan, apply, verify; and the database roles.")


@app.command()
def plan() -> None:
    """Show what `apply` would run."""
    from marketpulse.warehouse import migrations

    typer.echo(migrations.as_text(migrations.plan(_owner())))


@app.command()
def apply() -> None:
    """Run the pending migrations, one process at a time, and fill what the mart's dimensions stand on."""
    from marketpulse.settings import settings
    from marketpulse.warehouse import migrations
    from marketpulse.warehouse.dimensions import fill_dimensions

    applied = migrations.apply(_owner())
    fill_dimensions(_owner(), settings().calendar)
    typer.echo("\n".join(f"applied {name}" for name in applied) or "nothing to apply")


@app.command()
def verify() -> None:
    """Check that the database has every migration, exactly as the files say."""
    from marketpulse.warehouse import migrations

    typer.echo(f"{len(migrations.verify(_owner()))} migrations, all as written")


@app.command()
def roles() -> None:
    """Create the database and its four roles with the passwords of the settings' addresses; needs a superuser's."""
    from marketpulse.settings import settings
    from marketpulse.warehouse.roles import ReaderLimits, RolePasswords, ensure_roles

    now = settings()
    ensure_roles(
        now.superuser_dsn.get_secret_value(),
        RolePasswords.of_dsns(
            owner=now.owner_dsn.get_secret_value(),
            writer=now.writer_dsn.get_secret_value(),
            operations=now.operations_dsn.get_secret_value(),
            reader=now.reader_dsn.get_secret_value(),
        ),
        ReaderLimits(now.reader_statement_timeout_s, now.reader_connections),
    )


def _owner() -> str:
    from marketpulse.settings import settings

    dsn = settings().owner_dsn.get_secret_value()
    if not dsn:
        raise OperatorError("MARKETPULSE_OWNER_DSN is empty: run make up first, or set the owner's address")
    return dsn
