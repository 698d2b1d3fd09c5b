"""Identity keys: the texts `kind:value` by which records name a person.

Kinds, strongest first: `user` (an id of your own or of a vendor, then `user:vendor/id`), `email`,
`phone` (E.164), `anonymous` (a browser's id), `device`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from shoal.ingest.source import RowRejectedError

KINDS = ("user", "email", "phone", "anonymous", "device")
"""Kinds of key from the strongest to the weakest."""

_RANKS = {kind[0]: rank for rank, kind in enumerate(KINDS)}  # the first letter tells the kind

IDENTIFYING = frozenset({"user", "email", "phone"})
"""Kinds that tell who somebody is; with none of them a visitor is anonymous."""

_PLACEHOLDERS = frozenset(
    {"", "null", "none", "nil", "undefined", "n/a", "na", "nan", "-", "0", "unknown", "anonymous"}
)

# ASCII addresses that every rule lets through: no quotes, no "--" (IDNA), no domain that RFC 6761 sets apart.
_COMMON_EMAIL = re.compile(
    r"(?=[^@]{1,64}@)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*"
    r"@(?!.*--)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!(?:arpa|invalid|local|localhost|onion|test)$)[a-z]{2,24}",
    re.ASCII,
)
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))  # zero width; byte order mark
_FULL_WIDTH = re.compile("[\uff01-\uff5e\uff61]+")
_NAMED_EMAIL = re.compile(r"[^<>]*<\s*([^<>\s]+)\s*>")
_MAILTO = "mailto:"
_LONGEST_PLACEHOLDER = max(map(len, _PLACEHOLDERS))
_EXACT = 2**53
"""From here on two whole numbers may be the same floating-point number (IEEE 754)."""


@lru_cache(maxsize=65_536)
def email_key(raw: str) -> str | None:
    """`email:` key of an address, normalised: NFC, lower case, IDNA domain; None when it isn't an address.

    Sub-addresses stay distinct (`ana+news@…` is not `ana@…`): that they are one person is a proposal,
    not a fact. Source: RFC 5321 section 4.1.2, RFC 6531, through the email-validator library. What is around an address
    is left out: invisible signs, a name (RFC 5322 section 3.4), `mailto:` (RFC 6068); full-width signs are plain ones.

    >>> email_key(" Ana@Example.ORG "), email_key("Ana Silva <ana@example.org>"), email_key("mailto:ana@example.org")
    ('email:ana@example.org', 'email:ana@example.org', 'email:ana@example.org')
    >>> email_key("not an address") is None
    True
    """
    return _common(raw.strip()) or _uncommon(raw)


def _common(text: str) -> str | None:
    lowered = text.lower()
    return f"email:{lowered}" if len(text) <= 254 and _COMMON_EMAIL.fullmatch(lowered) else None


def _uncommon(raw: str) -> str | None:
    text = _bare(raw)
    return (_common(text) or _validated(text)) if "@" in text else None


def _bare(raw: str) -> str:
    """The address without what is around it."""
    plain = _FULL_WIDTH.sub(lambda sign: unicodedata.normalize("NFKC", sign[0]), raw.translate(_INVISIBLE)).strip()
    named = _NAMED_EMAIL.fullmatch(plain)
    text = named[1] if named else plain
    return text[len(_MAILTO) :].split("?", 1)[0] if text[: len(_MAILTO)].casefold() == _MAILTO else text


def _validated(text: str) -> str | None:
    """The key of any address, by the library; it takes 30 times as long as the common form needs."""
    text = unicodedata.normalize("NFC", text).strip()
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return f"email:{found.local_part.casefold()}@{found.ascii_domain}"


@lru_cache(maxsize=65_536)
def phone_key(raw: str, region: str) -> str | None:
    """`phone:` key in E.164; `region` is meant where the number names no country. None when it isn't possible.

    >>> phone_key("(415) 555-2671", "US")
    'phone:+14155552671'
    """
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return f"phone:{phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)}"


def user_key(raw: object, vendor: str | None = None) -> str | None:
    """`user:` key of an id; `vendor` keeps one vendor's ids apart from another's. None for placeholders.

    >>> user_key(42), user_key(42.0), user_key("c1", "shopify"), user_key("null")
    ('user:42', 'user:42', 'user:shopify/c1', None)
    """
    return _plain("user", raw, vendor)


def anonymous_key(raw: object) -> str | None:
    """`anonymous:` key of a browser's id; None for placeholders."""
    return _plain("anonymous", raw)


def device_key(raw: object) -> str | None:
    """`device:` key of a device's id; None for placeholders and the all-zero advertising id.

    >>> device_key("00000000-0000-0000-0000-000000000000") is None
    True
    """
    return None if not id_text(raw).replace("-", "").strip("0") else _plain("device", raw)


def id_text(raw: object) -> str:
    """An id as text without blanks around it; "" where there is none, which not-a-number means too.

    A whole number is the same id however it is written: pandas writes 12.0 where a column has gaps. Raises
    RowRejectedError `bad_id` for what can name nobody: true, false, lists, objects, bytes, infinity, and floating-point
    numbers so large that two ids would be one.

    >>> id_text(12), id_text(12.0), id_text(" 12 "), id_text(None)
    ('12', '12', '12', '')
    """
    if isinstance(raw, str):
        return raw.strip()
    if raw is None or raw != raw:  # noqa: PLR0124 - only not-a-number differs from itself
        return ""
    if isinstance(raw, float | Decimal) and math.isfinite(raw) and (isinstance(raw, Decimal) or abs(raw) < _EXACT):
        return str(int(raw)) if raw == int(raw) else str(raw)
    if isinstance(raw, bool | float | Decimal | list | tuple | dict | bytes):
        raise RowRejectedError("bad_id", "An id is neither text nor a whole number that is known exactly.")
    return str(raw)


def ordered(keys: Iterable[str | None]) -> tuple[str, ...]:
    """The keys that are there, strongest first, each once.

    >>> ordered(["anonymous:x", None, "email:a@example.org", "anonymous:x"])
    ('email:a@example.org', 'anonymous:x')
    """
    present = {key for key in keys if key}
    return tuple(present) if len(present) < 2 else tuple(sorted(present, key=_strength))


def _strength(key: str) -> tuple[int, str]:
    return _RANKS[key[0]], key


def _plain(kind: str, raw: object, vendor: str | None = None) -> str | None:
    text = id_text(raw)
    if len(text) <= _LONGEST_PLACEHOLDER and text.casefold() in _PLACEHOLDERS:
        return None
    return f"{kind}:{vendor}/{text}" if vendor else f"{kind}:{text}"
