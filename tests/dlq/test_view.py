"""What a person sees of a letter holds no key and nothing that a terminal would obey."""

import json

from pydantic import SecretStr
from tests.database import Database
from tests.stream.sink_records import Feeder

from marketpulse.dlq import view
from marketpulse.dlq.letter import Selection, counts, find, history, reading
from marketpulse.settings import Settings

BODY = b'\x1b[31m{"token":"sesame", "x": "S3CR3T"\xff\n'
SETTINGS = Settings(api_key=SecretStr("S3CR3T"))


def rendered(feeder: Feeder, database: Database) -> list[str]:
    feeder.land(BODY, b'{"schema_version": "apikey=sesame S3CR3T \x1b"}')
    redact = view.redactor(SETTINGS)
    with reading(database.operations_dsn) as connection:
        letters = find(connection, Selection())
        counted = counts(connection, Selection())
        pasts = [history(connection, letter) for letter in letters]
    return [
        view.list_as_text(letters, counted, redact),
        view.list_as_json(letters, counted, redact),
        *(view.one_as_text(letter, past, redact) for letter, past in zip(letters, pasts, strict=True)),
        *(view.one_as_json(letter, past, redact) for letter, past in zip(letters, pasts, strict=True)),
    ]


def test_no_view_shows_a_key_or_a_control_character(feeder: Feeder, database: Database) -> None:
    for text in rendered(feeder, database):
        assert "sesame" not in text
        assert "S3CR3T" not in text
        assert all(character.isprintable() or character == "\n" for character in text)


def test_the_rest_of_the_bytes_is_shown(feeder: Feeder, database: Database) -> None:
    shown = [json.loads(text)["body"] for text in rendered(feeder, database)[4:]]
    assert '\\x1b[31m{"token":"***", "x": "***"\\xff\\n' in shown


def test_a_list_counts_what_it_does_not_show(feeder: Feeder, database: Database) -> None:
    feeder.land(b"a", b"b", b"c")
    redact = view.redactor(SETTINGS)
    with reading(database.operations_dsn) as connection:
        text = view.list_as_text(find(connection, Selection(), most=2), counts(connection, Selection()), redact)
    assert text.splitlines()[-1] == "3 dead letters: 3 open not_json; the first 2 are shown"
    assert view.list_as_text([], [], redact) == "no dead letters"
