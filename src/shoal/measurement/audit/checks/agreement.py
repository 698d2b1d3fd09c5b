"""Checks across sources: do they say the same of one person, and is one person there twice."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.measurement.audit.checks.check import Check, Scene, Sight
from shoal.measurement.audit.fields import COMPARED_TRAITS
from shoal.measurement.wording import in_percent, many

_KINDS = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "user": "customer ids",
    "anonymous": "browsers",
    "device": "devices",
}


def _disagree(scene: Scene) -> Iterator[Sight]:
    for name, one, other, differ, of in scene.evidence.rows(
        """SELECT a.name, a.source, b.source,
                  count(*) FILTER (lower(a.text) <> lower(b.text)) AS differ, count(*)
           FROM audit_values AS a JOIN audit_values AS b
             ON a.subscriber = b.subscriber AND a.name = b.name AND a.source < b.source
           -- A code and a name of a country are two forms, which is a check of its own.
           WHERE list_contains(?, a.name) AND (a.name <> 'country' OR (len(a.text) = 2) = (len(b.text) = 2))
           GROUP BY ALL HAVING differ > 0 ORDER BY a.name, a.source, b.source""",
        list(COMPARED_TRAITS),
    ):
        yield Sight(
            f"“{name}” differs between {one} and {other} for {differ:,} of the {many(of, 'person', 'people')} "
            f"in both{in_percent(differ, of)}.",
            differ,
            of,
            (one, other),
            name,
        )


def _likely_duplicates(scene: Scene) -> Iterator[Sight]:
    figures = scene.evidence.facts.duplicates
    if figures is not None and figures.waiting:
        pairs = figures.waiting
        reasons = "; ".join(f"{reason} ({count:,})" for reason, count in figures.proposals.items())
        yield Sight(
            f"{many(pairs, 'pair')} of people are probably one person each: {reasons}.", pairs, scene.identified
        )


def _shared_keys(scene: Scene) -> Iterator[Sight]:
    figures = scene.evidence.facts.duplicates
    if figures is not None and figures.shared_keys:
        keys = sum(figures.shared_keys.values())
        kinds = ", ".join(f"{_KINDS.get(kind, kind)} ({count:,})" for kind, count in figures.shared_keys.items())
        yield Sight(
            f"{many(keys, 'identity is', 'identities are')} shared by too many people to tell them apart, "
            f"and left out: {kinds}.",
            keys,
            scene.identified,
        )


def _shared_addresses(scene: Scene) -> Iterator[Sight]:
    figures = scene.evidence.facts.duplicates
    if figures is not None and figures.addressless:
        having = many(figures.addressless, "person has", "people have")
        told = f"{having} no e-mail address, because another account has the same."
        yield Sight(told, figures.addressless, scene.identified)


CHECKS = (
    Check(
        "sources_disagree",
        "accuracy",
        "Do two sources state the same of one person?",
        "people",
        10,
        0.30,
        "Decide which source is right about this trait and correct the other; until then the newest value counts.",
        _disagree,
    ),
    Check(
        "likely_duplicates",
        "accuracy",
        "Are some people there twice?",
        "pairs",
        10,
        0.10,
        "Review the proposals and merge what is one person; each can be undone.",
        _likely_duplicates,
    ),
    Check(
        "shared_keys",
        "accuracy",
        "Do strangers share an address, phone or device?",
        "keys",
        3,
        0.05,
        "Look for shop tills, shared tablets and placeholder addresses, and leave the field blank there.",
        _shared_keys,
    ),
    Check(
        "shared_addresses",
        "accuracy",
        "Has each account an address of its own?",
        "people",
        5,
        0.10,
        "`shoal duplicates` proposes such pairs: accept those that are one person, which then has the address.",
        _shared_addresses,
    ),
)
