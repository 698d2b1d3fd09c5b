"""Words by which files say yes and no to mail, in the languages of most exports.

A word is compared whole, so that no part of "not subscribed" reads as "subscribed"; only a refusal may go on ("Opted
out (GDPR)"). The case, and whether its parts are joined by a blank, hyphen or underscore, make no difference.
"""

from __future__ import annotations

import re
from typing import Final

from shoal.ingest.canonical import ConsentState
from shoal.ingest.column_names import plain_name

YES: Final = (
    *("yes", "y", "true", "t", "1", "1.0", "on", "ok", "checked"),
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
)
"""Words that say yes to what the column is called."""

GRANTED: Final = (
    *YES,
    *("granted", "accepted", "agreed", "allowed", "given"),
    *("subscribed", "subscribe", "subscriber", "opted in", "opt in", "optin", "active", "confirmed", "consented"),
    *("single opt in", "double opt in", "confirmed opt in"),
    *("abonniert", "angemeldet", "inscrit", "abonné", "suscrito", "iscritto", "inscrito", "ingeschreven", "aangemeld"),
)

NO: Final = (
    *("no", "n", "false", "f", "0", "0.0", "off", "unchecked"),
    *("nein", "non", "não", "nao", "nie", "nee", "nej", "nei", "ne", "ei", "nem", "hayır", "hayir", "нет", "ні", "όχι"),
    *("いいえ", "否"),
)
"""Words that say no to what the column is called."""

DENIED: Final = (
    *NO,
    *("denied", "declined", "refused", "rejected", "revoked"),
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
    *("invalid", "invalid email", "forgotten", "redacted", "erased", "archived"),
    *("abgemeldet", "abbestellt", "widerrufen", "désabonné", "désinscrit", "refusé", "dado de baja"),
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
    r"un_?subsc|opt(ed)?_?out|do_?not|dont_|^no_(e_?)?(mail|sms)|suppress|bounce|block|blacklist"
    r"|abgemeldet|abmelde|abmeldung|abbestell|austragung|ausgetragen|widerruf|widerspr|werbesperre"
    r"|keine?_(werbung|e_?mail|newsletter)"
    r"|desabonn|desinscri|desinscrip|^ne_pas_|retrait_(du_)?consentement"
    r"|(^|_)bajas?(_|$)|desuscri|desapunta|no_(contactar|enviar)"
    r"|disiscri|disdett|non_(contattare|inviare)|cancellato|(^|data_)(di_)?cancellazione(_(da_)?(newsletter|iscrizione))?$"
    r"|uitgeschreven|uitschrijf|uitschrijv|afgemeld|afmeld|opgezegd|opzegg|niet_(e_?)?(mailen|benaderen|bellen)"
    r"|descadastr|desinscrev|nao_(enviar|contactar)|(^|data_)(de_|do_)?cancelamento(_(de_|da_)?(newsletter|inscricao))?$"
    r"|(^|_)wypis|rezygnac|(^|_)sprzeciw|cofniec"
    r"|avregistr|avprenumer|avanmal|avmeld|frameld|frabed|peruutettu|peruutus|leiratkoz"
)
"""Plain names of columns in which "yes" may well mean no."""

_CONSENT_COLUMN: Final = re.compile(
    r"(^|_)(newsletters?|subscribed|subscri(ption|ber)_status|opt(ed)?_?in|double_opt_?in|consent|consented|permission"
    r"|accepts?_(e_?mail_|sms_)?marketing|(e_?mail|sms)_(marketing|permission|consent|ok|status)|mailing_?list|gdpr|dsgvo"
    r"|marketing(?=$|_(ok|allowed|consent|permission|e_?mails?)$)"
    r"|rgpd|avg|rundbrief|einwilligung|(werbe|newsletter)_?(einwilligung|erlaubnis|anmeldung)|werbung|zustimmung|abonniert|angemeldet"
    r"|infolettre|abonnee?|inscrite?|consentement|accepte_\w+|boletin|suscrit[oa]|consentimiento|acepta_\w+|iscritt[oa]|consenso"
    r"|nieuwsbrief|ingeschreven|toestemming|aangemeld|boletim|inscrit[oa]|consentimento|aceita_\w+|biuletyn|zgoda|zapisany"
    r"|subskrypcja|nyhetsbrev|nyhedsbrev|samtycke|samtykke|uutiskirje|hirlevel)(_|$)"
)
_DETAIL: Final = re.compile(
    r"(^|_)(count|rate|clicks?|opens?|name|title|text|source|url|ip|id|plan|price|method|version)$"
)
"""How the names of columns end that tell something about consent, and not whether it was given."""

_DAY: Final = re.compile(r"(^|_)(at|on|date|datum|zeit|time|fecha|data)$")
"""How the names of columns end that tell when; who has a day of refusing has refused."""


def is_refusing(column: str) -> bool:
    """Whether a yes in the column may well mean no, by its name.

    >>> is_refusing("Opted out"), is_refusing("Désinscrit"), is_refusing("Newsletter")
    (True, True, False)
    """
    return REFUSING_COLUMN.search(plain_name(column)) is not None


def is_about_consent(column: str) -> bool:
    """Whether the column tells by its name who agreed to mail, or who refused it.

    >>> is_about_consent("Newsletter"), is_about_consent("Do Not Email"), is_about_consent("Newsletter date")
    (True, True, False)
    >>> is_about_consent("Abmeldedatum"), is_about_consent("Unsubscribed at"), is_about_consent("Unsubscribe URL")
    (True, True, False)
    """
    name = plain_name(column)
    if _DETAIL.search(name):
        return False
    agrees = _CONSENT_COLUMN.search(name) is not None and _DAY.search(name) is None
    return agrees or REFUSING_COLUMN.search(name) is not None


_STATES: Final[dict[ConsentState, tuple[str, ...]]] = {"granted": GRANTED, "pending": PENDING, "denied": DENIED}
_BY_WORD: Final = {folded(word): state for state, words in _STATES.items() for word in words}
_PLAIN: Final = {folded(word): says for says, words in ((True, YES), (False, NO)) for word in words}
_SILENT: Final = frozenset(map(folded, SILENT))
_REFUSED_FROM: Final = re.compile(r"(global )?(unsubscribed?|unsubbed|opted out|opt out|optout)\b(?! ?[:=])")
_REMARK: Final = re.compile(r" ?[(\[].*[)\]]$")


def state_of(word: str) -> ConsentState | None:
    """The state that a word means; None for words that state nothing, and for unknown ones.

    >>> state_of("opt out"), state_of("Oui"), state_of("NEVER_SUBSCRIBED"), state_of("perhaps")
    ('denied', 'granted', None, None)
    >>> state_of("Unsubscribed from list"), state_of("Cleaned (hard bounce)"), state_of("Subscribed (2 of 3)")
    ('denied', 'denied', None)
    """
    text = folded(word)
    known = _BY_WORD.get(text)
    if known is not None or text in _SILENT:
        return known
    bare = _REMARK.sub("", text)
    remarked = _BY_WORD.get(bare) == "denied" and bare not in _PLAIN
    return "denied" if remarked or _REFUSED_FROM.match(text) else None


def is_silent(word: str) -> bool:
    """Whether a word is known to state nothing.

    >>> is_silent("NEVER_SUBSCRIBED"), is_silent("perhaps")
    (True, False)
    """
    return folded(word) in _SILENT


def plain_answer(word: str) -> bool | None:
    """What a bare yes or no says; None for every other word.

    >>> plain_answer("Ja"), plain_answer("0"), plain_answer("unsubscribed")
    (True, False, None)
    """
    return _PLAIN.get(folded(word))
