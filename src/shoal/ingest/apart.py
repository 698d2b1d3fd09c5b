"""JSON lists and objects taken apart by their brackets alone, where a reader refuses the whole for one bad value.

Slower than reading, so this is for what could not be read. What stands between two commas is not judged.
Source: RFC 8259.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

_TEXT: Final = rb'"(?:[^"\\]++|\\.)*+"'
_MARK: Final = re.compile(_TEXT + rb'|["\[\]{},]', re.DOTALL)  # a mark of its own is a text that never ends
_NAME: Final = re.compile(rb"\s*+(" + _TEXT + rb")\s*+:", re.DOTALL)
_BLANK: Final = b" \t\r\n"


def items(text: bytes) -> list[bytes]:
    """The texts of a list's values. Raises ValueError where the brackets are those of no list.

    >>> items(b'[{"a": [1, 2]}, "cut ]", oops]')
    [b'{"a": [1, 2]}', b'"cut ]"', b'oops']
    """
    return _parts(text, b"[]")


def members(text: bytes) -> dict[str, bytes]:
    """The texts of an object's values by name, the last where a name comes again. Raises ValueError as `items` does.

    >>> members(b'{"batch": [{}, oops], "sentAt": 5}')
    {'batch': b'[{}, oops]', 'sentAt': b'5'}
    """
    found: dict[str, bytes] = {}
    for part in _parts(text, b"{}"):
        name = _NAME.match(part)
        if name is None:
            raise ValueError("a member has no name")
        found[msgspec.json.decode(name[1], type=str)] = part[name.end() :].strip(_BLANK)
    return found


def _parts(text: bytes, brackets: bytes) -> list[bytes]:
    """What stands between the commas within the outermost brackets."""
    text = text.strip(_BLANK)
    if text[:1] + text[-1:] != brackets:
        raise ValueError("other brackets")
    commas, depth = [0], 0
    for mark in _MARK.finditer(text):
        sign = mark[0]
        if sign in (b"[", b"{"):
            depth += 1
        elif sign in (b"]", b"}"):
            depth -= 1
        elif sign == b'"':
            raise ValueError("a text without end")
        elif sign == b"," and depth == 1:
            commas.append(mark.start())
        if depth == 0 and mark.end() < len(text):
            raise ValueError("it ends before its end")
    if depth:
        raise ValueError("it does not end")
    parts = [text[a + 1 : b].strip(_BLANK) for a, b in zip(commas, [*commas[1:], len(text) - 1], strict=True)]
    if parts == [b""]:
        return []
    if b"" in parts:
        raise ValueError("nothing between two commas")
    return parts
