"""The SQL reading gives the members that the oracle gives."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.segments import oracle, sql


def _load_cases() -> ModuleType:
    if "segment_cases" not in sys.modules:
        file = Path(__file__).resolve().parents[1] / "segments" / "cases.py"
        spec = importlib.util.spec_from_file_location("segment_cases", file)
        module = importlib.util.module_from_spec(spec)
        sys.modules["segment_cases"] = module
        spec.loader.exec_module(module)
    return sys.modules["segment_cases"]


cases = _load_cases()
RUNS = 60
DEFINITIONS = 12
SUBSCRIBERS = 8


def test_sql_and_oracle_agree(record_property):
    connection = duckdb.connect(config={"threads": 1})
    compared = 0

    with tempfile.TemporaryDirectory() as folder:

        @settings(max_examples=RUNS, deadline=None)
        @given(
            cases.histories(SUBSCRIBERS),
            st.lists(cases.definitions(), min_size=DEFINITIONS, max_size=DEFINITIONS),
            cases.segment_sets(),
            st.sampled_from((0, 0, 1, -1, 86_400_000)),
            st.booleans(),
        )
        def agree(people, nodes, segments, lag, in_files):
            nonlocal compared
            now = cases.NOW + lag
            cases.fill(connection, people, Path(folder) if in_files else None)
            for node in nodes:
                want = oracle.members(node, people, now, segments)
                assert sql.members(connection, node, now, segments) == want, node.english()
                compared += len(people)

        agree()
    record_property("cases of definition, history and instant compared", compared)
    assert compared >= 2_000
