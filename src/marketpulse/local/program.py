"""What the supervisor runs: one program a component, a value that renders itself into the supervisor's own format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Every process of a stack carries these, so that `down` finds it whatever has become of its parents.
STACK_VARIABLE = "MARKETPULSE_STACK_ID"
COMPONENT_VARIABLE = "MARKETPULSE_COMPONENT"
# The component of what `up` itself runs until the start is through.
OF_UP = "up"


@dataclass(frozen=True, slots=True)
class Program:
    """One long-running component, in a process group of its own, started again whenever it ends.

    It inherits the supervisor's environment, where secrets are; `environment` comes on top and is written to a file.
    """

    name: str
    command: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    stop_wait_s: int = 10
    account: str | None = None

    def render(self, *, log: Path, stack_id: str) -> str:
        """Its section of supervisord.conf."""
        environment = {**self.environment, STACK_VARIABLE: stack_id, COMPONENT_VARIABLE: self.name}
        assignments = ",".join(f'{name}="{value}"' for name, value in environment.items())
        lines = [
            f"[program:{self.name}]",
            f"command={_escaped(' '.join(_quoted(part) for part in self.command))}",
            f"directory={_escaped(str(self.directory))}",
            f"environment={_escaped(assignments)}",
            "autostart=false",
            "autorestart=true",
            # A component that ends sooner has failed to start; the pause before each further try grows by a second.
            "startsecs=2",
            "startretries=1000",
            f"stopsignal={self.stop_signal}",
            f"stopwaitsecs={self.stop_wait_s}",
            "stopasgroup=true",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={_escaped(str(log))}",
            "stdout_logfile_maxbytes=20MB",
            "stdout_logfile_backups=2",
        ]
        if self.account is not None:
            lines.append(f"user={self.account}")
        return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _escaped(value: str) -> str:
    return value.replace("%", "%%")
