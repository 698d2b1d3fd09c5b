"""What real payloads become: a line of the table each."""

from __future__ import annotations

import pytest
from payloads import EXPECTED, delivered
from told import told


@pytest.mark.parametrize("name", EXPECTED)
def test_payload(name, shared_data):
    file = shared_data / "payloads" / f"{name}.json"
    assert told(file.parent.name, *delivered(file)) == EXPECTED[name]


def test_the_table_names_every_payload(shared_data):
    vendors = {name.partition("/")[0] for name in EXPECTED}
    files = [file for vendor in vendors for file in (shared_data / "payloads" / vendor).glob("*.json")]
    assert {f"{file.parent.name}/{file.stem}" for file in files} == set(EXPECTED)
