"""Checks on completeness: people without identity, traits and properties that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shoal.measurement.audit.checks.check import Check, Scene, Sight
from shoal.measurement.audit.fields import EXPECTED_PROPERTIES, KEY_TRAITS
from shoal.measurement.wording import in_percent, many

ENOUGH = 0.98
"""A field that this share has is complete."""


def _anonymous(scene: Scene) -> Iterator[Sight]:
    for source, events, unknown in scene.evidence.rows(
        """SELECT source, sum(events)::BIGINT, (sum(events) FILTER (NOT coalesce(identified, false)))::BIGINT AS unknown
           FROM tally_people LEFT JOIN subscribers USING (subscriber)
           GROUP BY source HAVING unknown > 0 ORDER BY source"""
    ):
        yield Sight(
            f"{many(unknown, 'event')} of {events:,}{in_percent(unknown, events)} belong to visitors "
            "who are not identified.",
            unknown,
            events,
            (source,),
        )


def _traits(scene: Scene) -> Iterator[Sight]:
    for source in scene.sources:
        for field in source.fields:
            if field.kind == "trait" and field.name in KEY_TRAITS and field.share < ENOUGH:
                missing = field.of - field.present
                yield Sight(
                    f"“{field.name}” is missing for {many(missing, 'person', 'people')} of {field.of:,}"
                    f"{in_percent(missing, field.of)}.",
                    missing,
                    field.of,
                    (source.name,),
                    field.name,
                )


def _properties(scene: Scene) -> Iterator[Sight]:
    for event, groups in EXPECTED_PROPERTIES.items():
        for names in groups:
            yield from _lacking(scene, event, names)


def _lacking(scene: Scene, event: str, names: Sequence[str]) -> Iterator[Sight]:
    sources = {source.name: count.events for source in scene.sources for count in source.names if count.name == event}
    if not sources:
        return
    for source, missing in scene.evidence.rows(
        """SELECT source, (sum(events) FILTER (NOT coalesce(list_has_any(names, ?), false)))::BIGINT AS missing
           FROM tally_shapes WHERE name = ? GROUP BY source HAVING missing > 0 ORDER BY source""",
        list(names),
        event,
    ):
        events = sources[source]
        if 1 - missing / events < ENOUGH:
            yield Sight(
                f"“{event}” lacks {' or '.join(names)} in {missing:,} of {events:,} events"
                f"{in_percent(missing, events)}.",
                missing,
                events,
                (source,),
                names[0],
            )


CHECKS = (
    Check(
        "unidentified_events",
        "completeness",
        "How much of what happens can be tied to a person?",
        "events",
        5,
        0.90,
        "Send the user id or e-mail address with the event once it is known: after log-in, at check-out, from mail.",
        _anonymous,
    ),
    Check(
        "missing_traits",
        "completeness",
        "Does a source that states a key trait state it for everybody?",
        "people",
        15,
        0.60,
        "Ask for it where it is cheap: sign-up, preference centre, check-out; or import it from a source that has it.",
        _traits,
    ),
    Check(
        "missing_properties",
        "completeness",
        "Do events carry the properties that segments and reports need?",
        "events",
        15,
        0.50,
        "Add the column to the export or the tracking call; a mapping file can name it if it has another name there.",
        _properties,
    ),
)
