"""CSV in all its shapes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.core.errors import UserError
from shoal.ingest.formats.delimited import DelimitedRows
from shoal.ingest.formats.limits import Limits
from shoal.ingest.formats.rows import Broken, name_columns


class Bytes(io.BytesIO):
    """A stream with the position that readers ask for."""

    @property
    def position(self) -> int:
        return self.tell()


def read(content: bytes | str, limits: Limits | None = None) -> DelimitedRows:
    return DelimitedRows(Bytes(content.encode() if isinstance(content, str) else content), "a.csv", limits or Limits())


def refused(content: bytes | str, limits: Limits | None = None) -> UserError:
    with pytest.raises(UserError) as error:
        list(read(content, limits))
    return error.value


CELL = st.text(st.characters(exclude_characters="\0\ufffd", exclude_categories=["Cs"]), max_size=8)


@given(
    rows=st.lists(st.lists(CELL, min_size=2, max_size=2).filter(lambda row: row != ["", ""]), min_size=1, max_size=20),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\r\n", "\n"]),
)
def test_what_is_written_is_read_with_its_line(rows: list[list[str]], delimiter: str, end: str) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["left", "right"])
    starts = []
    for row in rows:
        lines = text.getvalue().replace("\r\n", "\n").replace("\r", "\n").count("\n")
        starts.append(lines + 1)
        writer.writerow(row)
    got = list(read(text.getvalue()))
    assert [[row["left"], row["right"]] for _, row in got] == rows  # type: ignore[index]
    assert [line for line, _ in got] == starts


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(delimiter: str) -> None:
    text = "id,name,note\n1,Ana,a b\n2,Bo,c d\n".replace(",", delimiter)
    assert [row["name"] for _, row in read(text)] == ["Ana", "Bo"]  # type: ignore[index]


def test_decimal_commas_do_not_hide_the_semicolon() -> None:
    assert read("id;price;tax\n1;2,50;0,10\n2;3,50;0,20\n").columns == ("id", "price", "tax")


def test_excel_may_name_the_delimiter() -> None:
    rows = read("sep=;\nid;name\n1;Ana\n")
    assert list(rows) == [(3, {"id": "1", "name": "Ana"})]


def test_header_with_blanks_marks_and_repeats() -> None:
    assert read("\ufeffid, name, name,\n1, Ana, Bo,\n").columns == ("id", "name", "name (2)", "column 4")
    assert name_columns(["a", "a (2)", "a"]) == ("a [1]", "a (2) [2]", "a (2) [3]")


def test_blanks_after_every_delimiter_belong_to_no_value() -> None:
    assert list(read("id, name\n1, Ana\n")) == [(2, {"id": "1", "name": "Ana"})]


def test_ragged_rows_are_refused_with_line_and_reason() -> None:
    found = dict(read("a,b\n1,2\n3\n\n4,5,6\n7,8,\n"))
    assert found[2] == {"a": "1", "b": "2"}
    assert found[3] == Broken("ragged_row", "The row has 1 fields, not 2.")
    assert found[5] == Broken("ragged_row", "The row has 3 fields, not 2.")
    assert found[6] == {"a": "7", "b": "8"}  # delimiters at the end say nothing


def test_text_after_a_closing_quote_is_refused_and_the_next_row_is_read() -> None:
    found = dict(read('a,b\n"x"y,2\n3,4\n'))
    assert isinstance(found[2], Broken)
    assert found[2].reason == "bad_quotes"
    assert found[3] == {"a": "3", "b": "4"}


def test_a_field_may_hold_lines() -> None:
    found = dict(read('a,b\n1,"x\n3,4\n5,y"\n6,7\n'))
    assert found == {2: {"a": "1", "b": "x\n3,4\n5,y"}, 5: {"a": "6", "b": "7"}}


def test_of_a_row_that_swallowed_others_the_first_line_is_refused_and_the_others_are_read() -> None:
    found = dict(read('a,b\n"1\n2,3\n4"\n6,7\n'))
    assert list(found) == [2, 3, 4, 5]
    assert isinstance(found[2], Broken)
    assert found[2].reason == "bad_quotes"
    assert "line 4" in found[2].message
    assert found[3] == {"a": "2", "b": "3"}
    assert isinstance(found[4], Broken)
    assert found[5] == {"a": "6", "b": "7"}


ENDS = [
    'u{}@example.org,Seen "twice",2026',  # text after the quotation mark that seems to close the field
    'u{}@example.org,"Seen",2026',
    'u{}@example.org,Seen,2026"',  # the row seems to end, with too few fields
    'u{}@example.org",Seen,2026',  # the row seems to end soundly
    "u{}@example.org,Seen,2026",  # no other quotation mark in the file
]


@pytest.mark.parametrize("end", ENDS)
def test_an_unclosed_quotation_mark_loses_its_own_line_only(end: str) -> None:
    lines = [f"u{number}@example.org,Seen,2026" for number in range(100)]
    lines[4], lines[59] = f'"{lines[4]}', end.format(59)
    found = dict(read("who,what,when\n" + "\n".join(lines) + "\n"))
    assert list(found) == list(range(2, 102))
    assert isinstance(found[6], Broken)
    others = {line for line, row in found.items() if isinstance(row, Broken)} - {6}
    assert others <= {61}
    assert found[7] == {"who": "u5@example.org", "what": "Seen", "when": "2026"}


def test_a_file_full_of_runaway_fields_is_given_up() -> None:
    content = "a,b\n" + '"x\n,\n,\ny"z\n' * 2_000
    assert refused(content, Limits(line=100)).code == "endless_quote"


def test_nul_and_undecodable_bytes_refuse_their_row_only() -> None:
    found = dict(read("a,b\n1,é é é é é é é\n".encode() + b"2,\xff\n3,x\0y\n4,z\n"))
    assert [row.reason if isinstance(row, Broken) else row["b"][0] for row in found.values()] == [
        "é",
        "bad_encoding",
        "nul_character",
        "z",
    ]


@pytest.mark.parametrize(
    ("content", "limits", "code", "where"),
    [
        ("a,b\n1,2\n3," + "x" * 200 + "\n", Limits(field=100), "field_too_large", "line 3"),
        ('"a"b,c\n1,2\n', Limits(), "bad_quotes", "line 1"),
        ("a,b\n1,2\n3," + "x" * 300_000, Limits(line=1_000), "line_too_long", "line 3"),
        ("x" * 300_000, Limits(line=1_000), "line_too_long", "line 1"),
        (",".join(f"c{i}" for i in range(101)) + "\n", Limits(columns=100), "too_many_columns", "a.csv"),
        ("\n \n", Limits(), "empty_file", "a.csv"),
        ("ana@example.org,5\n", Limits(), "no_header", "line 1"),
        ("00004 0001,1997\n", Limits(), "no_header", "line 1"),
        ("a\0b,c\n", Limits(), "unreadable_file", "line 1"),
        ('"a,b\n1,2\n', Limits(), "endless_quote", "line 1"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_how_to_mend_it(
    content: str, limits: Limits, code: str, where: str
) -> None:
    error = refused(content, limits)
    assert error.code == code
    assert where in str(error.where)
    assert error.fix
    assert "@" not in str(error)


def test_a_field_that_is_too_large_only_with_the_rows_it_swallowed_loses_its_own_line_only() -> None:
    found = dict(read('a,b\n1,2\n3,"x\n' + "4,5\n" * 99, Limits(field=100)))
    assert [line for line, row in found.items() if isinstance(row, Broken)] == [3]
    assert len(found) == 101


def test_old_macintosh_line_ends() -> None:
    assert list(read("a,b\r1,2\r3,4\r")) == [(2, {"a": "1", "b": "2"}), (3, {"a": "3", "b": "4"})]


def test_blocks_may_cut_anywhere(tmp_path: Path) -> None:
    text = "a,b\r\n" + "".join(f'{i},"ü\r\n{"x" * (i % 50)}"\r\n' for i in range(20_000))
    rows = list(read(text))
    assert len(rows) == 20_000
    assert [line for line, _ in rows[:3]] == [2, 4, 6]
    assert rows[-1][1]["a"] == "19999"  # type: ignore[index]
