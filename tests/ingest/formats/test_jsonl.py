"""JSON lines."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.core.errors import UserError
from shoal.ingest.formats.jsonl import JsonRows
from shoal.ingest.formats.limits import Limits
from shoal.ingest.formats.rows import Broken


class Bytes(io.BytesIO):
    """A stream with the position that readers ask for."""

    @property
    def position(self) -> int:
        return self.tell()


def read(content: bytes, limits: Limits | None = None) -> JsonRows:
    return JsonRows(Bytes(content), "a.jsonl", limits or Limits())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.text("abc", max_size=3), JSON, max_size=4), min_size=1, max_size=30), st.booleans())
def test_what_is_written_is_read_with_its_line(rows: list[dict[str, object]], ascii_only: bool) -> None:
    content = "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows).encode()
    assert list(read(content)) == list(enumerate(rows, start=1))


def test_bad_lines_are_refused_and_the_others_keep_their_numbers() -> None:
    content = b'{"a":1}\n\n{"a":\n"text"\n[1]\n{"a":"\xff"}\n{"a":NaN}\n' + b'{"a":' * 5_000 + b'\n{"a":2}\r\n{"b":3}'
    found = dict(read(content))
    assert {line: row for line, row in found.items() if not isinstance(row, Broken)} == {
        1: {"a": 1},
        9: {"a": 2},
        10: {"b": 3},
    }
    reasons = {line: row.reason for line, row in found.items() if isinstance(row, Broken)}
    assert reasons == {
        3: "bad_json",
        4: "not_an_object",
        5: "not_an_object",
        6: "bad_json",
        7: "bad_json",
        8: "nested_too_deeply",
    }


def test_two_objects_on_a_line_are_refused() -> None:
    found = dict(read(b'{"a":1}{"a":2}\n{"a":3}\n'))
    assert isinstance(found[1], Broken)
    assert found[2] == {"a": 3}


def test_an_array_keeps_the_lines_of_its_items() -> None:
    content = b'[\n  {"a": 1},\n  {"a":\n   1}, {"a": 1},\n 7 ]\n'
    found = list(read(content))
    assert found[:3] == [(2, {"a": 1}), (3, {"a": 1}), (4, {"a": 1})]
    assert isinstance(found[3][1], Broken)


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (b"[{}, {]", Limits(), "bad_json"),
        (b"[" + b'{"a":1},' * 200_000, Limits(document=2**19), "document_too_large"),
        (b'{"a":1}\n{"a":"' + b"x" * 600_000, Limits(line=1_000), "line_too_long"),
        (json.dumps({str(i): i for i in range(20)}).encode(), Limits(columns=10), "too_many_columns"),
    ],
)
def test_a_file_that_cannot_be_read_on(content: bytes, limits: Limits, code: str) -> None:
    with pytest.raises(UserError) as error:
        list(read(content, limits))
    assert error.value.code == code


def test_marks_and_wide_encodings() -> None:
    text = '{"a":"Zoë"}\n{"a":"Bo"}\n'
    for encoding in ("utf-8-sig", "utf-16"):
        assert [row["a"] for _, row in read(text.encode(encoding))] == ["Zoë", "Bo"]  # type: ignore[index]


def test_columns_are_the_names_of_the_first_rows_in_order() -> None:
    assert read(b'{"b":1}\n{"a":1,"b":2}\n').columns == ("b", "a")
