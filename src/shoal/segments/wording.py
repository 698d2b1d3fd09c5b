"""Names and texts in sentences: what may stand bare and what is quoted."""

from __future__ import annotations

import re

from shoal.segments.operators.words import quoted

NAME = r"[a-z_][a-z0-9_.-]*"
"""Names that may stand bare in a sentence (whatever their case)."""

_BARE = re.compile(NAME, re.IGNORECASE | re.ASCII)

_LISTED = """
    a above after ago all and anonymous any are at average before below between by can consent contain
    contains did does ends events ever exactly false fewer first from half in including is last least
    less matches more most never none not of often on once one or per person receive segment set since
    starts than the time times to trait true twice until where with within opens clicks orders visits
    second minute hour day week seconds minutes hours days weeks
"""

WORDS = frozenset(_LISTED.split())
"""Words of the grammar: a name that is one of them is quoted. A test holds the list to the grammar."""


def name_words(name: str) -> str:
    """A name as sentences write it: bare where that can't be misread, else quoted.

    >>> name_words("shipping.country"), name_words("favourite colour"), name_words("last")
    ('shipping.country', '"favourite colour"', '"last"')
    """
    return name if _BARE.fullmatch(name) and name.casefold() not in WORDS else quoted(name)
