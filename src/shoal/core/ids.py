"""Ids that follow from what they name, so that no counter has to be shared.

An identity key is text, `kind:value` ("email:ana@example.org"). Its id is the lower half of its
MD5 digest without the sign bit: the same number in every run, on every shard, and in DuckDB
(`KEY_ID_SQL`). MD5 is used as a mixing function only, nothing here is a secret. Among 50 million
keys the chance that any two share an id is about 1 in 7,000.
"""

from __future__ import annotations

import hashlib

KEY_ID_SQL = "(md5_number_lower({text}) >> 1)::BIGINT"
"""The same id in DuckDB, where `{text}` is an expression of type VARCHAR."""


def key_id(text: str) -> int:
    """Id of an identity key or message, 0 to 2**63 - 1.

    >>> key_id("email:ana@example.org") == key_id("email:ana@example.org")
    True
    """
    return bytes_id(text.encode())


def bytes_id(text: bytes) -> int:
    """As `key_id`, of text in UTF-8."""
    digest = hashlib.md5(text, usedforsecurity=False).digest()
    return int.from_bytes(digest[8:], "little") >> 1


def subscriber_text(subscriber: int) -> str:
    """A subscriber's id as people and JSON see it: 16 hexadecimal digits.

    >>> subscriber_text(255)
    '00000000000000ff'
    """
    return f"{subscriber:016x}"


def subscriber_number(text: str) -> int | None:
    """The number behind a shown id; None when the text is not one.

    >>> subscriber_number("00000000000000ff")
    255
    >>> subscriber_number("ana@example.org") is None
    True
    """
    if len(text) != 16 or not all(digit in "0123456789abcdef" for digit in text):
        return None
    return int(text, 16)
