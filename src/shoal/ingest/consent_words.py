"""Words by which files say yes and no to mail, in the languages of most exports.

A word is compared whole, so that no part of "not subscribed" reads as "subscribed". The case, and whether its parts are
joined by a blank, hyphen or underscore, make no difference.
"""

from __future__ import annotations

import re
from typing import Final

from shoal.ingest.canonical import ConsentState

GRANTED: Final = (
    *("yes", "y", "true", "t", "1", "1.0", "on", "ok", "checked", "granted", "accepted", "agreed", "allowed", "given"),
    *("subscribed", "subscribe", "subscriber", "opted in", "opt in", "optin", "active", "confirmed", "consented"),
    *("single opt in", "double opt in", "confirmed opt in"),
    *(
        "ja",
        "oui",
        "si",
        "sí",
        "sì",
        "sim",
        "tak",
        "ano",
        "áno",
        "igen",
        "kyllä",
        "evet",
        "да",
        "так",
        "ναι",
        "はい",
        "是",
    ),
    *("abonniert", "angemeldet", "inscrit", "abonné", "suscrito", "iscritto", "inscrito", "ingeschreven", "aangemeld"),
)

DENIED: Final = (
    *("no", "n", "false", "f", "0", "0.0", "off", "unchecked", "denied", "declined", "refused", "rejected", "revoked"),
    *(
        "withdrawn",
        "disallowed",
        "never",
        "stop",
        "do not email",
        "do not mail",
        "do not contact",
        "do not send",
        "dnc",
    ),
    *("don't email", "don't mail", "don't contact", "no email", "no emails", "no mail", "no marketing", "no consent"),
    *("unsubscribed", "unsubscribe", "unsubscriber", "unsub", "unsubbed", "opted out", "opt out", "optout"),
    *("global unsubscribe", "unsubscribed from all", "removed", "remove", "deleted", "inactive", "disabled", "blocked"),
    *("blacklisted", "blocklisted", "suppressed", "suppress", "user suppressed", "cleaned", "bounced", "bounce"),
    *("hard bounced", "hard bounce", "complained", "complaint", "spam", "spam complaint", "marked as spam", "abuse"),
    *("invalid", "invalid email"),
    *("nein", "non", "não", "nao", "nie", "nee", "nej", "nei", "ne", "ei", "nem", "hayır", "hayir", "нет", "ні", "όχι"),
    *("いいえ", "否", "abgemeldet", "abbestellt", "widerrufen", "désabonné", "désinscrit", "refusé", "dado de baja"),
    *("baja", "disiscritto", "cancellato", "descadastrado", "cancelado", "uitgeschreven", "afgemeld"),
)

PENDING: Final = (
    *("pending", "unconfirmed", "not confirmed", "pending double opt in", "pending confirmation"),
    *("awaiting confirmation", "waiting for confirmation", "ausstehend", "unbestätigt", "en attente", "pendiente"),
)

SILENT: Final = (
    *("never subscribed", "not subscribed", "non subscribed", "nonsubscribed", "non subscriber", "not set", "unset"),
    *("unknown", "none", "null", "nan", "n/a", "na", "-", "transactional", "not asked", "undefined", "unbekannt"),
)
"""Nobody asked, or nobody knows: no yes and no no."""

_JOINTS: Final = re.compile(r"[\s_\-\u2010-\u2015]+")


def folded(word: str) -> str:
    """The word as it is compared.

    >>> folded(" Opted-Out "), folded("DO_NOT_EMAIL."), folded("-"), folded("Don\u2019t e-mail")
    ('opted out', 'do not email', '-', "don't email")
    """
    text = word.strip().strip(".!").casefold().replace("\u2019", "'")
    text = " ".join(part for part in _JOINTS.split(text) if part) or text
    return text.replace("e mail", "email")


REFUSING_COLUMN: Final = re.compile(
    r"un-?subsc|opt(ed)?[\s_-]*out|do[\s_-]*not|suppress|bounce|block|blacklist", re.IGNORECASE
)
"""Names of columns in which "yes" may well mean no."""

_STATES: Final[dict[ConsentState, tuple[str, ...]]] = {"granted": GRANTED, "pending": PENDING, "denied": DENIED}
_BY_WORD: Final = {folded(word): state for state, words in _STATES.items() for word in words}


def state_of(word: str) -> ConsentState | None:
    """The state that a word means; None for words that state nothing, and for unknown ones.

    >>> state_of("opt out"), state_of("Oui"), state_of("NEVER_SUBSCRIBED"), state_of("perhaps")
    ('denied', 'granted', None, None)
    """
    return _BY_WORD.get(folded(word))
