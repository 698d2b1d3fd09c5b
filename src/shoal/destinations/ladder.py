"""When a delivery that failed is tried again.

The steps are those of https://github.com/standard-webhooks/standard-webhooks (operational considerations).
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from shoal.core.time import UNITS_MS, Instant, from_datetime

_S, _M, _H = (UNITS_MS[unit] for unit in "smh")

STEPS_MS = (5 * _S, 5 * _M, 30 * _M, 2 * _H, 5 * _H, 10 * _H, 14 * _H, 20 * _H, 24 * _H)
"""After the first failure, after the second, …: a bit more than three days in all."""

JITTER = 0.2
"""At most this part of a step is added, so that not all come back at once."""

LONGEST_MS = 24 * _H


def wait_ms(failures: int, asked_ms: int | None, chance: float) -> int | None:
    """How long to wait after so many failures in a row; None at the ladder's end.

    `asked_ms` is what the receiver asks for (`Retry-After`), which is waited for where it is longer, up to a day.
    `chance` is from 0 to 1.

    >>> wait_ms(1, None, 0), wait_ms(1, 60_000, 0), wait_ms(10, None, 0)
    (5000, 60000, None)
    """
    if failures > len(STEPS_MS):
        return None
    step = STEPS_MS[failures - 1]
    return max(step + round(step * JITTER * chance), min(asked_ms or 0, LONGEST_MS))


def asked_wait_ms(header: str | None, at: Instant) -> int | None:
    """What a `Retry-After` header asks for: seconds or a date (RFC 9110, 10.2.3); None where it can't be read.

    >>> asked_wait_ms("120", Instant(0)), asked_wait_ms("Thu, 01 Jan 1970 00:01:00 GMT", Instant(0))
    (120000, 60000)
    >>> asked_wait_ms("soon", Instant(0)) is None
    True
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:12]), LONGEST_MS // _S) * _S
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return None if date.tzinfo is None else max(0, from_datetime(date) - at)
