"""Law: whatever is written in the cells, a source stores, skips or refuses the row, and raises nothing else."""

import ast
import contextlib
import importlib
import inspect
import pkgutil
import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.core.time import Instant
from shoal.ingest import sources as package
from shoal.ingest.canonical import Record, to_batch
from shoal.ingest.source import Context, RowRejectedError, RowSkippedError
from shoal.ingest.sources import SOURCES, contacts, customerio
from shoal.ingest.storable import UnstorableError

DELETED = ("_fivetran_deleted", "is_deleted", "_ab_cdc_deleted_at")
SKIPPING = ("_campaigns", "_reference_table", "_order", "_abandoned_checkout", "_deal", "_email_event", "_engagement")
SKIPPING += ("_ticket", "_automation_email")
STAMPS = ("last_changed", "date_entered", "timestamp_opt", "timestamp_signup", "_fivetran_start", "_fivetran_synced")
STAMPS += customerio._STAMPS
EXACT = {"status": "paid", "action": "open", "metric": "opened", "type": "OPEN", "test": "no", "is_default": "yes"}
EXACT |= {"role": "end-user", "data": {"customer_id": "K1", "subject": "Hello"}}
OF_SOURCE = {
    "customerio_people": {"unsubscribed": "no"},
    "mailchimp_warehouse_member": {"status": "unsubscribed"},
    "activecampaign_contacts": {"status": "unsubscribed"},
    "snowplow": {
        "event": "unstruct",
        "unstruct_event": {"data": {"schema": "iglu:org.example/quiz_done/jsonschema/1-0-0", "data": {"answer": 1}}},
    },
    "customerio_deliveries": {"unsubscribed": "2026-01-02 03:04:05"},
}
OTHERS = {"segment", "shoal"}  # have laws of their own
ODD = [
    "",
    " ",
    "0",
    "-1",
    "1e400",
    "nan",
    "[]",
    "[1,",
    '{"a": {}}',
    "'+1",
    "\ufeff",
    "https://[",
    '"',
    "a|b:c;d",
    "\x00",
]
USUAL = ["2026-01-02 03:04:05", "ana@example.org", "yes", "no", "SUBSCRIBED", "12.50", "#1001", "open", "paid", "K1"]
TEXTS = st.one_of(st.sampled_from(USUAL), st.sampled_from(USUAL), st.sampled_from(ODD), st.text(max_size=12))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def modules():
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        if info.name.rsplit(".", 1)[1] not in OTHERS and not hasattr(module, "__path__"):
            yield module


def columns_of(module) -> list[str]:
    """Every text in a source's code: among them all the columns that it asks for."""
    tree = ast.parse(inspect.getsource(module))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return sorted(text for text in texts if text and len(text) < 60)


FOUND = [
    (source, columns_of(module))
    for module in modules()
    for source in getattr(module, "SOURCES", getattr(module, "SOURCE", None) and [module.SOURCE]) or ()
]


def test_every_source_is_under_the_law():
    assert {source.name for source, _ in FOUND} == {
        source.name for source in SOURCES if source.name.split("_")[0] not in OTHERS
    }


def plausible(column: str) -> object:
    """A value that brings a row far into its mapping."""
    name = column.casefold()
    if name in EXACT:
        return EXACT[name]
    if name in STAMPS or re.search(r"\b(time|timestamp|date|at|created|updated)\b|_at$|_time$|time$|date$|stamp", name):
        return "2026-01-02 03:04:05"
    if re.search(r"unsub|opt(ed)? ?out|consent|accepts|suppress", name):
        return "yes"
    if re.search(r"email|recipient", name) and "id" not in name.split():
        return "ana@example.org"
    if re.search(r"amount|total|price|refund|subtotal|quantity", name):
        return "12.50"
    return "12.50" if name in ("shipping", "taxes", "tax") else "K1"


@pytest.mark.parametrize(("source", "columns"), FOUND, ids=[source.name for source, _ in FOUND])
def test_any_cell(source, columns):
    sound = {column: plausible(column) for column in [*columns, *contacts.NAMES] if column not in DELETED}
    sound |= OF_SOURCE.get(source.name, {})
    names = sorted(sound)
    odd = st.dictionaries(st.sampled_from(names), TEXTS | JSON, max_size=8)
    gone = st.sets(st.sampled_from(names), max_size=8)

    @settings(max_examples=30)
    @given(st.lists(st.tuples(odd, gone), min_size=1, max_size=3 if source.group_by else 1), odd)
    def law(changes, other):
        group = [{name: value for name, value in (sound | new).items() if name not in gone} for new, gone in changes]
        siblings = {table: dict.fromkeys(("K1", "0"), sound | other) for table in source.siblings}
        try:
            found = list(source.map_rows(group, Context(received_at=1_780_000_000_000, siblings=siblings)))
        except (RowRejectedError, RowSkippedError):
            return
        reached.append(source.name)
        for record in found:
            assert isinstance(record, Record)
            assert record.keys
            msgspec.json.encode(record)
            assert record.version is None or (record.name and not record.traits and not record.consent)
        with contextlib.suppress(UnstorableError):
            to_batch([(1, record) for record in found], Instant(1_780_000_000_000))

    reached: list[str] = []
    law()
    assert reached or source.name.endswith(SKIPPING)
