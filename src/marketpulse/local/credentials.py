"""The stack's own passwords and keys: made once, kept in its state folder for its owner only."""

import base64
import secrets
from pathlib import Path

import msgspec

from marketpulse.errors import OperatorError
from marketpulse.local.layout import read_if_there, write_private


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """`stack_id` marks everything that belongs to this stack; it is no secret."""

    stack_id: str
    superuser: str
    airflow_database: str
    owner: str
    writer: str
    operations: str
    reader: str
    airflow_admin: str
    airflow_secret_key: str
    airflow_jwt_secret: str
    airflow_fernet_key: str

    def __repr__(self) -> str:
        return f"Credentials(stack_id={self.stack_id!r})"


def load_or_create(path: Path) -> Credentials:
    """The stack's credentials; made and stored when there are none."""
    found = load(path)
    if found is None:
        found = _generate()
        write_private(path, msgspec.json.encode(found).decode())
    return found


def load(path: Path) -> Credentials | None:
    """The stored credentials, None when there are none. Raises OperatorError for a file that cannot be used."""
    content = read_if_there(path)
    try:
        return None if content is None else msgspec.json.decode(content, type=Credentials)
    except msgspec.DecodeError:
        raise OperatorError(
            f"{path} is damaged: restore it, or remove the whole folder to start with an empty stack"
        ) from None


def _generate() -> Credentials:
    # The id is hexadecimal: it is part of folder names and of a socket's path.
    passwords = {
        name: secrets.token_urlsafe(18)
        for name in ("superuser", "airflow_database", "owner", "writer", "operations", "reader", "airflow_admin")
    }
    keys = {name: secrets.token_hex(32) for name in ("airflow_secret_key", "airflow_jwt_secret")}
    fernet = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return Credentials(stack_id=secrets.token_hex(6), **passwords, **keys, airflow_fernet_key=fernet)
