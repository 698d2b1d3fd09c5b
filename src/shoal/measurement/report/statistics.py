"""How sure a rate is."""

from __future__ import annotations

import math


def interval(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a rate; (0, 1) where nothing was tried.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    >>> tuple(round(bound, 3) for bound in interval(20, 100))
    (0.133, 0.289)
    """
    if not of:
        return 0.0, 1.0
    z = 1.959964
    share = hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    reach = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, middle - reach), min(1.0, middle + reach)
