"""What real payloads become: a line of the table each."""

from __future__ import annotations

import json

import pytest
from payloads import EXPECTED, FILES, STORED, delivered
from told import ARRIVED, stored, told

from shoal.ingest.mapping import mapping_from
from shoal.ingest.recognise import inspect
from shoal.ingest.source import Context, FileHead
from shoal.ingest.sources import ga4
from shoal.ingest.webhook import Delivery, read
from shoal.ingest.webhooks.generic import Terms, webhook_by


@pytest.mark.parametrize("name", EXPECTED)
def test_payload(name, shared_data):
    file = shared_data / "payloads" / f"{name}.json"
    assert told(file.parent.name, *delivered(file)) == EXPECTED[name]


def test_the_tables_name_every_payload(shared_data):
    folder = shared_data / "payloads"
    files = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()} - {"MANIFEST.json"}
    assert files == {f"{name}.json" for name in EXPECTED} | set(FILES)
    assert len(files) == 164


@pytest.mark.parametrize("name", FILES)
def test_file(name, shared_data):
    file, source = shared_data / "payloads" / name, FILES[name]
    if source == "ga4":  # BigQuery writes a row a line, and this one over several
        row = json.loads(file.read_text())
        assert ga4.SOURCE.recognise(FileHead(file.name, "jsonl", tuple(row), (row,))) > 0.5
    elif source == "generic":
        assert _page_views(file.read_bytes()) == [("Page Viewed", ["user", "anonymous"])]
    else:
        assert [found.source for found in inspect(file)] == [source]


@pytest.mark.parametrize("name", STORED)
def test_rows_of_a_file(name, shared_data):
    assert stored(shared_data / "payloads" / name, FILES[name]) == STORED[name]


def _page_views(body):
    """What a generic webhook makes of what Snowplow knows of a page view."""
    pages = {"when": [{"column": "event", "is": "page_view"}], "id": "event_id", "properties": {"path": "page_urlpath"}}
    keys = {"user": "user_id", "anonymous": "domain_userid"}
    mapping = {
        "source": "snowplow",
        "keys": keys,
        "at": "collector_tstamp",
        "events": [{"name": "Page Viewed", **pages}],
    }
    delivery = Delivery(body, {}, "", ARRIVED)
    found = read(webhook_by(Terms(mapping_from(mapping))), delivery, Context(received_at=ARRIVED))
    kinds = [[key.partition(":")[0] for key in record["keys"]] for record in found.taken.records.to_pylist()]
    return list(zip(found.taken.records["name"].to_pylist(), kinds, strict=True))
