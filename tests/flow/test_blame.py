"""Which records are to blame, and which faults no record is to blame for."""

from __future__ import annotations

import sqlite3

import duckdb
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from shoal.core.errors import UserError
from shoal.flow.blame import culprits, may_be_a_record


@given(st.integers(1, 60), st.data())
def test_without_those_that_are_named_nothing_fails_and_no_more_are_named_than_faults(size, data):
    places = st.integers(0, size - 1)
    faults = data.draw(st.lists(st.frozensets(places, min_size=1, max_size=3), max_size=4))

    def fails(some):
        return "ValueError" if any(fault <= set(some) for fault in faults) else None

    named = [place for place, _ in culprits(size, fails)]
    assert fails([place for place in range(size) if place not in named]) is None
    assert len(named) == len(set(named)) <= len(faults)


def test_one_of_a_thousand_costs_some_fourteen_tries():
    tries = []
    assert list(culprits(1_000, lambda some: tries.append(1) or ("ValueError" if 999 in some else None)))
    assert len(tries) < 15


def test_a_fault_that_does_not_come_again_names_nobody():
    answers = iter(["ValueError", *([None] * 100)])
    assert list(culprits(8, lambda _: next(answers))) == []


OF_THE_MACHINE = [
    OSError("no room"),
    MemoryError(),
    sqlite3.OperationalError("database is locked"),
    sa.exc.OperationalError("INSERT", None, sqlite3.OperationalError("disk I/O error")),
    duckdb.IOException("no such file"),
    duckdb.OutOfMemoryException("too much"),
    UserError("damaged_lake", "A file is damaged.", fix="Restore it."),
    KeyboardInterrupt(),
]


@pytest.mark.parametrize("error", OF_THE_MACHINE, ids=lambda error: type(error).__name__)
def test_no_record_is_to_blame_for_what_the_machine_does(error):
    assert not may_be_a_record(error)


@pytest.mark.parametrize(
    "error", [ValueError(), RecursionError(), duckdb.ConversionException(""), sa.exc.DataError("", None, ValueError())]
)
def test_a_record_may_be_to_blame_for_what_is_done_with_its_values(error):
    assert may_be_a_record(error)
