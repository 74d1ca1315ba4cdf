"""The `marketpulse` command: wiring only. Each command parses its options and calls one library function.

Libraries are imported inside the commands, so that `marketpulse --help` answers at once and a small command does not
pay for a large one. Every expected error is one line on stderr and the exit status of its class in errors.py.
"""

import sys

import typer

from marketpulse.cli import chaos, dlq, market, migrate, operations, stack, stream, warehouse
from marketpulse.errors import MarketPulseError, OperatorError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A market-data pipeline that proves what it did.")
for group in (stack, market, operations, warehouse, chaos):
    app.add_typer(group.app)
app.add_typer(migrate.app, name="migrate")
app.add_typer(stream.app, name="stream")
app.add_typer(dlq.app, name="dlq")


def main() -> None:
    """Run the command line; never shows a traceback for an error that MarketPulse expects."""
    try:
        # It returns the status of an Exit, and 130 for Ctrl-C, instead of raising them.
        sys.exit(app(standalone_mode=False) or 0)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except typer.Abort:
        sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)
    except MarketPulseError as error:
        typer.echo(f"marketpulse: {error}", err=True)
        sys.exit(error.exit_status)
    except OSError as error:
        # A file or folder that cannot be used, wherever it was needed.
        reason = error.strerror or str(error)
        typer.echo(f"marketpulse: {f'{error.filename}: {reason}' if error.filename else reason}", err=True)
        sys.exit(OperatorError.exit_status)
    except Exception as error:
        # Usage errors of the command line carry their own text and status.
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            typer.echo(f"marketpulse: {error.format_message()}", err=True)
            sys.exit(error.exit_code)
        raise
