"""The page about webhooks says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from shoal.ingest.mapping import mapping_from
from shoal.ingest.webhooks import WEBHOOKS
from shoal.ingest.webhooks.generic import SCHEMES, Terms, checked

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "webhooks.md").read_text()


def test_every_vendor_and_scheme_has_a_line():
    named = re.findall(r"^\| `(\w+)` ", PAGE, re.MULTILINE)
    assert named == [*sorted(WEBHOOKS), *SCHEMES]


def test_the_mapping_of_the_page_is_sound():
    (text,) = re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
    assert checked(Terms(mapping_from(yaml.safe_load(text)))).map.source == "shop"
