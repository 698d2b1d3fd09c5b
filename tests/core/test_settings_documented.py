from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from shoal.core.settings import Settings


def test_every_setting_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/settings.md").read_text()
    assert [field.name for field in fields(Settings) if f"| `{field.name}` |" not in page] == []
