"""Names and texts in sentences: what may stand bare and what is quoted."""

from __future__ import annotations

import re

from shoal.segments.operators.words import quoted

NAME = r"[a-z_][a-z0-9_.-]*"
"""Names that may stand bare in a sentence (whatever their case)."""

_BARE = re.compile(NAME, re.IGNORECASE | re.ASCII)

_LISTED = """
    a above after afterwards ago all and anonymous any are at average been before below between by can changed
    consent contain contains did do does done each ends events ever exactly false fewer first for from half
    has in including is last least less matches more most never no none not now of often on once one or per
    periods person receive segment set since starts than the then time times to trait true twice until where
    with within without opens clicks orders visits
    arm bottom bucket cluster distinct experiment latest maximum minimum number percent random score sum top
    anniversary imported it km list mile miles next opted previous suppressed this today was yesterday
    monday tuesday wednesday thursday friday saturday sunday
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
