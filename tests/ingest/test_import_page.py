"""The import page holds what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from shoal.ingest.mapping import Event, Filter, Keys, Mapping, mapping_from

PAGE = (Path(__file__).resolve().parents[2] / "docs/concepts/import.md").read_text()


def test_the_example_is_a_mapping() -> None:
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    assert mapping_from(yaml.safe_load(found[1])).source == "webshop_orders"


@pytest.mark.parametrize("kind", [Mapping, Event, Filter, Keys])
def test_every_key_of_a_mapping_is_explained(kind: type[Mapping]) -> None:
    for name in kind.__struct_encode_fields__:
        assert re.search(rf"`{name}\b|\b{name}:", PAGE), name


CODES = re.compile(r'UserError\(\s*"([a-z_]+)"')


def test_every_code_of_the_readers_is_listed() -> None:
    formats = Path(__file__).resolve().parents[2] / "src/shoal/ingest/formats"
    raised = {code for path in formats.glob("*.py") for code in CODES.findall(path.read_text())}
    rare = {"which_file", "too_many_files", "document_too_large", "bad_json"}
    assert {code for code in raised - rare if f"`{code}`" not in PAGE} == set()
