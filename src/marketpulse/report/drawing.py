"""Draws the Vega-Lite specifications of `include/report/charts` as SVG that takes its colours from the page.

Colours are CSS variables and patterns of the page (`var(--up)`, `url(#reason-outage)`), so one drawing serves the
light and the dark scheme. Nothing is ever fetched: data is inside the specification, and no address is allowed.
"""

import json
import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from markupsafe import Markup

from marketpulse.resources import include_path

# Coordinates come with sixteen digits; a hundredth of a pixel is finer than any screen.
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_GEOMETRY = re.compile(r'\b(?:d|transform|x2|y2|x|y|width|height)="[^"]*"')
# What says nothing in a drawing that screen readers skip; a third of its size.
_IDLE = re.compile(r' (?:opacity="1"|stroke-width="1"|(?:pointer-events|role|class|aria-\w+|font-family)="[^"]*")')
# Text between tags is left alone: it is data, and Vega escapes its angle brackets.
_TAG = re.compile(r"<\w[^>]*>")


def chart(name: str, rows: Iterable[Mapping[str, object]], **changes: Any) -> Markup:
    """One chart as inline SVG. `changes` are top-level entries of the specification; text of data is escaped by Vega.

    Takes about a second the first time in a process, then about 50 ms.
    """
    # A hundred MB of renderer: only a process that draws loads it.
    import vl_convert

    spec = deepcopy(_specification(name)) | changes | {"data": {"values": list(rows)}}
    svg = vl_convert.vegalite_to_svg(spec, config=_specification("config"), allowed_base_urls=[])
    short = _TAG.sub(_shortened, svg)
    # Hidden from screen readers: the page gives each chart a text and a table.
    return Markup(short.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1))  # noqa: S704 - Vega escapes


def _shortened(tag: re.Match[str]) -> str:
    return _GEOMETRY.sub(lambda numbers: _LONG_NUMBER.sub(_rounded, numbers[0]), _IDLE.sub("", tag[0]))


def _rounded(found: re.Match[str]) -> str:
    text = f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@cache
def _specification(name: str) -> dict[str, Any]:
    text = include_path(f"report/charts/{name}.json").read_text(encoding="utf-8")
    specification: dict[str, Any] = json.loads(text)
    return specification
