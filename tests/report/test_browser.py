"""The page in a real browser: wide and on a phone, light and dark."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.report.sessions import MADE_AT, rich

from marketpulse.report.page import render
from marketpulse.resources import include_path

CHROMIUM = shutil.which("chromium")
PHONE_PX, DESK_PX = 390, 1280
Scheme = Literal["light", "dark"]

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(rich(5), MADE_AT), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Tests may run as root, where Chromium's own sandbox refuses to start.
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE_PX, DESK_PX])
def test_the_page_fits_fetches_nothing_and_has_no_complaints(
    browser: Browser, page_file: Path, width: int, scheme: Scheme
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(page_file.as_uri())
    assert asked == [page_file.as_uri()]
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    # Every drawing has a size, also inside its scrolling frame.
    assert page.evaluate("[...document.querySelectorAll('.drawing svg')].every(one => one.clientHeight > 60)")
    context.close()


@needs_chromium
def test_drawings_follow_the_colour_scheme(browser: Browser, page_file: Path) -> None:
    fills = []
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(page_file.as_uri())
        fill = "getComputedStyle(document.querySelector('#candles svg path[fill=\"var(--down)\"]')).fill"
        fills.append((page.evaluate(fill), page.evaluate("getComputedStyle(document.body).backgroundColor")))
        context.close()
    assert fills == [("rgb(179, 64, 13)", "rgb(255, 255, 255)"), ("rgb(240, 138, 86)", "rgb(20, 24, 29)")]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_and_shapes_stand_out_from_the_page(scheme: int) -> None:
    style = include_path("report/report.css").read_text(encoding="utf-8")
    colours = re.findall(r"--([a-z]+): (#[0-9a-f]{6});", style)
    half = len(colours) // 2
    palette = dict(colours[half:] if scheme else colours[:half])
    text = {name: contrast(palette[name], palette["page"]) for name in ("ink", "faint", "link", "mark", "lost")}
    shapes = {name: contrast(palette[name], palette["page"]) for name in ("up", "down", "bar", "halted", "rule")}
    # The thresholds of WCAG 2.2, AA: 1.4.3 for text, 1.4.11 for what a drawing needs to be understood.
    assert {name: ratio for name, ratio in text.items() if ratio < 4.5} == {}
    assert {name: ratio for name, ratio in shapes.items() if ratio < 3} == {}


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
