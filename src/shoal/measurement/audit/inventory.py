"""Which sources there are: records, people, first and last instant, events by name, daily series, fields."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from shoal.core.time import Instant
from shoal.measurement.audit.evidence import Evidence
from shoal.measurement.audit.fields import KEY_TRAITS
from shoal.measurement.audit.model import EventCount, FieldShare

Daily = tuple[tuple[dt.date, int], ...]


@dataclass(frozen=True, slots=True)
class SourceInventory:
    """What one source brought; `first` and `last` are of its events, else of its facts."""

    name: str
    records: int
    people: int
    events: int
    statements: int
    first: Instant | None
    last: Instant | None
    names: tuple[EventCount, ...]
    daily: Daily
    series: Mapping[str, Daily]  # by event
    fields: tuple[FieldShare, ...]


def inventory(evidence: Evidence) -> tuple[SourceInventory, ...]:
    """Every source with events, facts or imported files, by name."""
    names = _event_counts(evidence)
    people = dict(evidence.rows(_PEOPLE))
    stated = {source: (rows, records, first, last) for source, rows, records, first, last in evidence.rows(_STATEMENTS)}
    series = _series(evidence)
    fields = _fields(evidence, people, names)
    imported = {file.source for file in evidence.facts.imports}
    found = []
    for source in sorted(set(people) | imported):
        counts = names.get(source, ())
        events = sum(count.events for count in counts)
        rows, only, first, last = stated.get(source, (0, 0, None, None))
        found.append(
            SourceInventory(
                name=source,
                records=events + only,
                people=people.get(source, 0),
                events=events,
                statements=rows,
                first=min((count.first for count in counts), default=first),
                last=max((count.last for count in counts), default=last),
                names=counts,
                daily=_summed(series.get(source, {})),
                series=series.get(source, {}),
                fields=fields.get(source, ()),
            )
        )
    return tuple(found)


def coverage(evidence: Evidence, identified: int) -> tuple[FieldShare, ...]:
    """Key traits and identity keys as shares of all identified people, identity keys first."""
    keys = evidence.rows(
        """SELECT kind, count(DISTINCT subscriber) AS people FROM keys JOIN subscribers USING (subscriber)
           WHERE identified GROUP BY kind ORDER BY people DESC, kind"""
    )
    traits = [(trait, *evidence.row(_WITH_TRAIT, list(names))) for trait, names in KEY_TRAITS.items()]
    return (
        *(FieldShare("key", kind, people, identified) for kind, people in keys),
        *(FieldShare("trait", trait, people, identified) for trait, people in traits),
    )


def newest_instant(evidence: Evidence) -> Instant | None:
    """The newest instant of an event with a time of its own; of anything, where none has; None without data.

    A row without a time is stamped with its arrival. Were that the newest, every source would look stale.
    """
    own, events, facts = evidence.row(
        """SELECT epoch_ms(max(last_own)), epoch_ms(max(last)), (SELECT epoch_ms(max("at")) FROM audit_traits)
           FROM tally_people"""
    )
    return next((Instant(found) for found in (own, events, facts) if found is not None), None)


def _event_counts(evidence: Evidence) -> Mapping[str, tuple[EventCount, ...]]:
    found: dict[str, list[EventCount]] = defaultdict(list)
    for source, *count in evidence.rows(
        """SELECT source, name, sum(events)::BIGINT AS events, count(*), epoch_ms(min(first)), epoch_ms(max(last))
           FROM tally_people GROUP BY source, name ORDER BY events DESC, name"""
    ):
        found[source].append(EventCount(*count))
    return {source: tuple(counts) for source, counts in found.items()}


def _series(evidence: Evidence) -> Mapping[str, Mapping[str, Daily]]:
    """Events by source, name and day."""
    found: dict[str, dict[str, list[tuple[dt.date, int]]]] = defaultdict(lambda: defaultdict(list))
    for source, name, day, events in evidence.rows(
        """SELECT source, name, day, sum(events)::BIGINT FROM tally_days
           GROUP BY source, name, day ORDER BY source, name, day"""
    ):
        found[source][name].append((day, events))
    return {source: {name: tuple(days) for name, days in names.items()} for source, names in found.items()}


def _summed(series: Mapping[str, Daily]) -> Daily:
    total: Counter[dt.date] = Counter()
    for daily in series.values():
        total.update(dict(daily))
    return tuple(sorted(total.items()))


def _fields(
    evidence: Evidence, people: Mapping[str, int], names: Mapping[str, tuple[EventCount, ...]]
) -> Mapping[str, tuple[FieldShare, ...]]:
    found: dict[str, list[FieldShare]] = defaultdict(list)
    for source, name, present in evidence.rows(
        "SELECT source, name, count(*) AS present FROM audit_values GROUP BY ALL ORDER BY present DESC, name"
    ):
        found[source].append(FieldShare("trait", name, present, people[source]))
    events = {(source, count.name): count.events for source, counts in names.items() for count in counts}
    for source, event, name, present in evidence.rows(_PROPERTIES):
        found[source].append(FieldShare("property", name, present, events[source, event], event))
    return {source: tuple(shares) for source, shares in found.items()}


_PEOPLE = """
SELECT source, count(DISTINCT subscriber) FROM (
    SELECT source, subscriber FROM tally_people
    UNION ALL SELECT source, subscriber FROM audit_traits
    UNION ALL SELECT source, subscriber FROM audit_consents) GROUP BY source
"""

_WITH_TRAIT = """
SELECT count(DISTINCT subscriber) FROM audit_values JOIN subscribers USING (subscriber)
WHERE identified AND list_contains(?, name)
"""

_STATEMENTS = """
WITH stated AS (SELECT source, event_id, "at" FROM audit_traits
                UNION ALL SELECT source, event_id, "at" FROM audit_consents)
SELECT source, count(*), count(DISTINCT event_id) FILTER (event_id NOT IN (SELECT event_id FROM audit_events)),
       epoch_ms(min("at")), epoch_ms(max("at"))
FROM stated GROUP BY source
"""

_PROPERTIES = """
SELECT source, event, property, present FROM (
    SELECT source, event, property, sum(events)::BIGINT AS present
    FROM (SELECT source, name AS event, unnest(names) AS property, events FROM tally_shapes)
    GROUP BY ALL)
QUALIFY row_number() OVER (PARTITION BY source, event ORDER BY present DESC, property) <= 40
ORDER BY source, event, present DESC, property
"""
"""The 40 most frequent properties of each event."""
