"""Encodings are told from the bytes."""

from __future__ import annotations

import io

import pytest

from shoal.ingest.formats.limits import Limits
from shoal.ingest.formats.text import Lines, guess_encoding

TEXT = "id,name\n1,Zoë Müller-Lüdenscheidt\n2,Façade\n"


class Bytes(io.BytesIO):
    """A stream with the position that readers ask for."""

    @property
    def position(self) -> int:
        return self.tell()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"]
)
def test_every_encoding_gives_the_same_lines(encoding: str) -> None:
    lines = Lines(Bytes(TEXT.encode(encoding)), "a.csv", Limits())
    assert list(lines) == TEXT.splitlines(keepends=True)
    assert not lines.suspect


def test_an_encoding_is_decided_by_the_first_byte_beyond_ascii_however_late() -> None:
    content = b"a\n" * 300_000 + "naïve\n".encode("cp1252")
    lines = Lines(Bytes(content), "a.csv", Limits())
    assert list(lines)[-1] == "naïve\n"
    assert lines.encoding == "cp1252"


def test_a_few_wrong_bytes_do_not_make_utf8_another_encoding() -> None:
    assert guess_encoding("é".encode() * 50 + b"\xff") == "utf-8"


def test_cyrillic_is_believed_when_the_letters_make_words() -> None:
    text = "Имя,Город\nАнна Петрова,Москва\nСергей Иванов,Санкт-Петербург\n" * 20
    assert guess_encoding(text.encode("cp1251")) == "cp1251"


WORDS = [
    ("cp1252", "Zoë Müller"),
    ("cp1252", "François Lefèvre"),
    ("cp1252", "São Paulo"),
    ("cp1252", "Ångström, Ørsted €5 ½ 20° it’s “so” – Acme™"),
    ("cp1250", "Łukasz Żółć"),
    ("cp1250", "Jiří Dvořák, Česká republika"),
    ("cp1251", "Привет мир"),
    ("cp1253", "Θεσσαλονίκη"),
    ("cp932", "東京都渋谷区 カタカナ"),
    ("gb18030", "北京市"),
    ("euc_kr", "서울특별시"),
]


@pytest.mark.parametrize(("encoding", "text"), WORDS)
def test_a_code_page_is_told_by_few_words_among_english_ones(encoding: str, text: str) -> None:
    content = f'who,what,city\nana@example.org,Seen,"{text}"\n' * 50
    assert guess_encoding(content.encode(encoding)) == encoding


def test_a_byte_that_cp1252_lacks_is_latin1() -> None:
    assert guess_encoding(b"caf\xe9 \x81") == "latin-1"


def test_a_sign_cut_by_a_block_is_whole() -> None:
    content = b"x" * (2**18 - 1) + "é\n".encode()
    assert list(Lines(Bytes(content), "a.csv", Limits())) == [content.decode()]
