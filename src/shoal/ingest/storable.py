"""Which JSON texts the lake and the database of record can hold.

Whatever is accepted has to go all the way: a record that DuckDB or PostgreSQL can't take would stop every later turn
of the journal. So these limits are checked where a record is encoded, and its row is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

DEEPEST = 64
"""Most objects and lists within each other; DuckDB's `json_structure` ends at 128."""

LONGEST_NAME = 1_000
"""Bytes (UTF-8) of the name of an event, a property or a trait: PostgreSQL indexes both in at most 2,704 bytes."""

LONGEST_KEY = 4_000
"""Bytes (UTF-8) of an identity key or a message id."""

MOST_NAMES = 10_000
"""Names in one object, as many as a table may have columns."""

EARLIEST = -62_135_596_800_000
"""The first instant that is accepted (ms): the year 1, where ISO 8601 and Python's dates begin."""

LATEST = 253_402_300_799_999
"""The last instant that is accepted (ms), before it is moved to the arrival: the year 9999 ends."""

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

_ESCAPE = re.compile(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\(u[dD][89a-fA-F])..|\\.", re.DOTALL)
"""What stands after a backslash; the group is half of a sign without its other half. Source: RFC 8259, section 7."""


class UnstorableError(Exception):
    """A record can't be held; `reason` is as of a rejected row."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        self.message = message
        super().__init__(message)


def too_deep() -> UnstorableError:
    """The error for values within values without end."""
    return UnstorableError("nested_too_deeply", f"Values are nested in each other more than {DEEPEST} deep.")


def check_name(name: str) -> None:
    """Raise UnstorableError where a name, of an event, a property or a trait, can't be held."""
    _check_text(name, LONGEST_NAME, "name_too_long", "A name")


def check_key(text: str) -> None:
    """Raise UnstorableError where an identity key or a message id can't be held."""
    _check_text(text, LONGEST_KEY, "key_too_long", "An id")


def sound_object(encoded: bytes) -> bytes:
    """The JSON object, as msgspec encodes it, with a name for what has an empty one, and with names of their own for
    what differs in case only within an inner object (DuckDB takes them for one); UnstorableError where it can't be
    held. Quick looks at the text tell whether its parts have to be looked at.

    >>> sound_object(b'{"address":{"city":"Bonn","City":"Berlin"}}')
    b'{"address":{"city":"Bonn","City (2)":"Berlin"}}'
    >>> sound_object(b'{"":1,"(blank)":2}')
    b'{"(blank) (2)":1,"(blank)":2}'
    """
    if _is_plain(sound_texts(encoded)):
        return encoded
    value = msgspec.json.decode(encoded)
    for name in value:
        check_name(name)
    is_odd = _look(value)
    return msgspec.json.encode(_named(value)) if is_odd else encoded


def _is_plain(encoded: bytes) -> bool:
    """Whether an object has no inner ones, is too small to break a limit, and has no empty name."""
    inner = encoded.count(b"{")
    few = inner < 2 and inner + encoded.count(b"[") <= DEEPEST
    return few and len(encoded) <= LONGEST_NAME and b'"":' not in encoded


def are_sound(encoded: Sequence[bytes]) -> bool:
    """Whether all of many JSON texts plainly can be held as they are; False where each has to be looked at."""
    return b"\\u0000" not in b"".join(encoded) and all(map(_is_plain, encoded))


def sound_texts(encoded: bytes) -> bytes:
    """The JSON text, when no text in it holds a NUL; UnstorableError otherwise."""
    if b"\\u0000" in encoded and _NUL.search(encoded):
        raise UnstorableError("nul_character", "A name or a value holds a NUL character.")
    return encoded


def _check_text(text: str, longest: int, reason: str, what: str) -> None:
    if "\0" in text:
        raise UnstorableError("nul_character", f"{what} holds a NUL character.")
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        raise not_text() from None
    if size > longest:
        raise UnstorableError(reason, f"{what} is longer than {longest:,} bytes.")


def not_text() -> UnstorableError:
    """The error for half a sign, such as JSON can name by its number."""
    return UnstorableError("bad_encoding", "The row holds characters that no text can hold.")


def has_half_a_sign(encoded: bytes) -> bool:
    """Whether a JSON text names half a sign by its number; what cuts texts in JavaScript leaves such."""
    return any(escape[1] is not None for escape in _ESCAPE.finditer(encoded))


def _look(value: object) -> bool:
    """Whether any name is empty, or like another one of an inner object.

    Goes level by level, so that no depth exhausts the stack.
    """
    level, depth, is_odd = [value], 0, False
    while level:
        depth += 1
        if depth > DEEPEST:
            raise too_deep()
        inner: list[object] = []
        for each in level:
            if isinstance(each, Mapping):
                if len(each) > MOST_NAMES:
                    raise UnstorableError("too_many_names", f"An object has more than {MOST_NAMES:,} names.")
                is_odd = is_odd or "" in each or (depth > 1 and len(set(map(str.casefold, each))) < len(each))
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        level = [each for each in inner if isinstance(each, Mapping | list)]
    return is_odd


def _named(value: object, *, is_inner: bool = False) -> object:
    if isinstance(value, list):
        return [_named(each, is_inner=True) for each in value]
    if not isinstance(value, Mapping):
        return value
    fold = str.casefold if is_inner else str
    taken = {"" if name == "" else fold(name) for name in value}
    named: dict[str, object] = {}
    used: set[str] = set()
    for name, each in value.items():
        is_free = name != "" and fold(name) not in used
        free = name if is_free else _free_name(name or "(blank)", taken | used, fold)
        used.add(fold(free))
        named[free] = _named(each, is_inner=True)
    return named


def _free_name(wanted: str, taken: Collection[str], fold: Callable[[str], str]) -> str:
    name, number = wanted, 1
    while fold(name) in taken:
        number += 1
        name = f"{wanted} ({number})"
    return name
