"""How many each condition keeps is what the oracle keeps, person by person."""

from __future__ import annotations

import cases
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.segments import oracle, parse, sql
from shoal.segments.kinds.anonymous import IncludingAnonymous
from shoal.segments.kinds.groups import All, Either
from shoal.segments.nodes import Person


@settings(max_examples=40, deadline=None)
@given(
    cases.histories(6), st.lists(cases.conditions(deep=2), min_size=1, max_size=4), cases.segment_sets(), st.booleans()
)
def test_the_waterfall_is_the_oracles(duck, people, parts, segments, anonymous):
    cases.fill(duck, people)
    whole = All(tuple(parts))
    found = sql.counts(duck, IncludingAnonymous(whole) if anonymous else whole, cases.NOW, segments)
    totals = oracle.People(people)
    left = [Person.of(one, cases.NOW, segments, totals) for one in people if one.identified or anonymous]
    assert found.eligible == len(left)
    kept = [one.kept for one in found.conditions if one.kept is not None]
    expected = []
    for part in parts:
        left = [person for person in left if part.holds(person)]
        expected.append(len(left))
    assert kept == expected
    assert found.members == len(left)


@pytest.mark.parametrize("group", [All, Either])
def test_the_query_grows_as_the_conditions_do(group):
    def query(number):
        parts = tuple(parse(f'plan is not "t{place}"') for place in range(number))
        return sql.counts_query(group(parts), cases.NOW).sql

    assert len(query(400)) < 2.2 * len(query(200))
    assert "FILTER" not in query(2), "DuckDB keeps all columns once more for each filtered number"
