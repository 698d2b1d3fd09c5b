from __future__ import annotations

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from shoal.core.ids import KEY_ID_SQL, key_id, subscriber_number, subscriber_text

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@given(st.lists(texts, min_size=1, max_size=50))
def test_duckdb_gives_the_same_ids(values: list[str]) -> None:
    with duckdb.connect() as duck:
        rows = duck.execute(f"SELECT {KEY_ID_SQL.format(text='value')} FROM (SELECT unnest(?) AS value)", [values])
        assert [row[0] for row in rows.fetchall()] == [key_id(value) for value in values]


@given(st.integers(0, 2**63 - 1))
def test_a_shown_id_reads_back_and_sorts_as_its_number(number: int) -> None:
    assert subscriber_number(subscriber_text(number)) == number
    assert subscriber_text(number) < subscriber_text(number + 1)
