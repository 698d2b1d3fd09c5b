"""Colours of the pages: every text stands out from what it stands on, in light and in dark (WCAG 2.2, 1.4.3: 4.5)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import shoal.ui

STYLE = (Path(shoal.ui.__file__).parent / "static" / "shell.css").read_text()
TOKENS = {
    name: pair for name, *pair in re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", STYLE)
}
PAIRS = [
    *[(text, ground) for text in ("ink", "mute", "sea", "coral", "gold") for ground in ("paper", "wash")],
    ("sea", "sea-soft"),
    ("ink", "sea-soft"),
    ("on-sea", "sea"),
    ("ink", "coral-soft"),
    ("coral", "coral-soft"),
    ("ink", "gold-soft"),
    ("paper", "ink"),
]


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_texts_stand_out(text, ground, mode):
    assert contrast(TOKENS[text][mode], TOKENS[ground][mode]) >= 4.5


def test_nothing_is_fetched_from_elsewhere():
    static = Path(shoal.ui.__file__).parent / "static"
    for file in static.iterdir():
        told = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import", told), file.name
