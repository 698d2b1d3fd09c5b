"""Cells of CSV files that people open in a spreadsheet: none is taken for a formula.

https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import unicodedata

_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
_NOT_SEEN = frozenset({"Zs", "Cf", "Cc"})


def harmless(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet might take it for a formula.

    >>> harmless("=1+1"), harmless("  @x"), harmless("＝x"), harmless("ana@example.org")
    ("'=1+1", "'  @x", "'＝x", 'ana@example.org')
    """
    return f"'{text}" if _is_formula(text) else text


def restored(cell: str) -> str:
    """The text that `harmless` made a cell of.

    >>> all(restored(harmless(text)) == text for text in ("=1", "'=1", "''=1", "'a", " \\t", "", "'"))
    True
    """
    return cell[1:] if cell.startswith("'") and _is_formula(cell[1:]) else cell


def _is_formula(text: str) -> bool:
    """Whether the first sign that counts begins one; what can't be seen, and apostrophes, stand before it."""
    for sign in text:
        if sign in _FORMULA:
            return True
        if sign != "'" and unicodedata.category(sign) not in _NOT_SEEN:
            return False
    return False
