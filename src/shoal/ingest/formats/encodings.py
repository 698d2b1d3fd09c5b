"""Which of the old code pages some bytes are in, told by the words that they would spell.

Only words with a sign beyond ASCII are looked at: the English around them says nothing. In the wrong code page a word
has signs of money or fractions between its letters, changes its alphabet or its case midway, or is all accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

WESTERN = "cp1252"
_PAGES = (WESTERN, "cp1250", "cp1254", "cp1251", "cp1253", "cp932", "euc_kr", "gb18030", "big5")
_CELL = re.compile(rb"[^\x00-\x20,;|\"]*[\x80-\xff][^\x00-\x20,;|\"]*")
_WORD = re.compile(r"[^\W\d_]+")
_CZECH = re.compile(
    "[èÈ][aeiouáéíóúý]|[øØ].*[áíý]|[áíý].*ø|ì[kls]|ù[vmj]"
)  # ř, č, ě and ů as the Western page has them
_MOST = 2_000  # different words
_ODD = 0.1  # share of odd words up to which a code page is believed
_IDEOGRAPHS = {"CJK", "HIRAGANA", "KATAKANA"}


def legacy_encoding(sample: bytes) -> str | None:
    """The code page in which the fewest words are odd, the Western one where that is as good as any; None where all
    are odd.

    >>> legacy_encoding("Zoë Müller".encode("cp1252")), legacy_encoding("Łukasz Żółć".encode("cp1250"))
    ('cp1252', 'cp1250')
    """
    cells = list(dict.fromkeys(_CELL.findall(sample)))[:_MOST]
    best, least = None, 1.0
    for page in _PAGES:
        share = _odd_share(cells, page)
        if share < least:
            best, least = page, share
    return best if least <= _ODD else None


def _odd_share(cells: Iterable[bytes], page: str) -> float:
    """How many of the cells are no words in this code page."""
    odd = count = 0
    for cell in cells:
        count += 1
        try:
            odd += _is_odd(cell.decode(page), page)
        except UnicodeDecodeError:
            odd += 1
    return odd / max(1, count)


def _is_odd(text: str, page: str) -> bool:
    if any(_is_misplaced(text, place) for place, sign in enumerate(text) if sign > "\x7f" and not sign.isalpha()):
        return True
    return any(_is_odd_word(word, page) for word in _WORD.findall(text) if not word.isascii())


def _is_misplaced(text: str, place: int) -> bool:
    """Whether a sign that is no letter touches one, as no sign of money, fraction or degree does in a word."""
    kind = unicodedata.category(text[place])
    if kind in ("Cc", "Co"):
        return True
    if kind[0] == "P" and text[place] not in "‚„†‡…‰‹›•¡¿·¶§":  # others stand at words
        return False
    after, before = text[place + 1 : place + 2], text[place - 1 : place] if place else ""
    return after.isalpha() or (before.isalpha() and text[place] not in "™®©°…")


def _is_odd_word(word: str, page: str) -> bool:
    scripts = {unicodedata.name(sign, "?").split(" ")[0].split("-")[0] for sign in word}
    if page == "euc_kr":
        return scripts != {"HANGUL"}
    if page in ("cp932", "gb18030", "big5"):
        return not scripts <= _IDEOGRAPHS
    if len(scripts) > 1 or (word[1:].lower() != word[1:] and word.upper() != word):
        return True
    if page == WESTERN and _CZECH.search(word):
        return True
    accents_only = not any(sign.isascii() for sign in word)
    return scripts == {"LATIN"} and accents_only and len(word) >= (3 if page == WESTERN else 5)
