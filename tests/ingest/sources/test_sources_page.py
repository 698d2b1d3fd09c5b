"""The page about sources names every source, and no other."""

import re
from pathlib import Path

from shoal.ingest.sources import SOURCES

PAGE = Path(__file__).resolve().parents[3] / "docs/concepts/sources.md"


def test_every_source_has_a_row():
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == {source.name for source in SOURCES}
