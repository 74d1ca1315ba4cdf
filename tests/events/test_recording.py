"""Recorded files: one form for all who play them, packed or not."""

import gzip
from pathlib import Path

import pytest

from marketpulse.errors import OperatorError
from marketpulse.events.recording import Row, opened_recording, recorded_zone

LINES = "price,time,note,size,conditions\n13.94,09:30,x,500,20\n\n13.95,09:31,,1,\n"


@pytest.mark.parametrize("packed", [False, True])
def test_columns_go_by_their_names_and_lines_keep_their_numbers(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "trades"
    path.write_bytes(gzip.compress(LINES.encode()) if packed else LINES.encode())
    with opened_recording(path) as recording:
        rows = [(number, recording.row(fields)) for number, fields in recording]
    assert rows == [(2, Row("09:30", "13.94", "500", "", "20")), (4, Row("09:31", "13.95", "1", "", ""))]


@pytest.mark.parametrize("line", ["13.94,09:30,x,500", "13.94,09:30,x,500,20,"])
def test_a_line_that_was_cut_or_has_too_much_is_none(tmp_path: Path, line: str) -> None:
    path = tmp_path / "trades.csv"
    path.write_text(f"price,time,note,size,conditions\n{line}\n")
    with opened_recording(path) as recording:
        ((_, fields),) = recording
        with pytest.raises(ValueError, match="names 5 columns"):
            recording.row(fields)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"", "no column price, size, time"),
        (b"time,cost,size\n", "no column price: its first line must name them, and is 'time,cost,size'"),
        (b"time,price,size\n\xe9", "UTF-8"),
        (b"\x1f\x8bnot gzip", "damaged or not gzip"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_line(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "trades.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OperatorError, match=words) as caught, opened_recording(path) as recording:
        list(recording)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_zone_is_one_that_exists() -> None:
    assert recorded_zone("America/New_York").key == "America/New_York"
    with pytest.raises(OperatorError, match="unknown timezone 'Mars/Base'"):
        recorded_zone("Mars/Base")
