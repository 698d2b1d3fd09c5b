"""Segments of a test: who is in them, and a feed that tells of every change."""

from __future__ import annotations

import pyarrow as pa

from shoal.core.ids import subscriber_text
from shoal.core.time import Instant
from shoal.segments import feed


def told(*rows):
    """Changes (at, subscriber, segment, version, entered, reason) on their way into the feed."""
    columns = list(zip(*rows, strict=True))
    return pa.table(
        [pa.array(list(column), field.type) for column, field in zip(columns, feed.SCHEMA, strict=True)],
        schema=feed.SCHEMA,
    )


class Segments:
    """Members by segment; whoever enters or leaves is told in the feed."""

    def __init__(self, database, names=("vip",)):
        self.database, self.inside, self.at = database, {name: set() for name in names}, 0
        self.nobody_mails = set()
        self.ready = True
        self.starters = set()

    def change(self, *changes, reason="event"):
        """Each is (segment, subscriber, entered); one that changes nothing is not told."""
        rows = []
        for segment, person, entered in changes:
            self.at += 1
            if (person in self.inside[segment]) != entered:
                (self.inside[segment].add if entered else self.inside[segment].discard)(person)
                rows.append((self.at, person, segment, 1, entered, reason))
        if rows:
            with self.database.write() as connection:
                feed.append(connection, told(*rows), Instant(self.at))

    def is_ready(self):
        return self.ready

    def names(self):
        return frozenset(self.inside) - self.starters

    def names_ever(self):
        return frozenset((*self.names(), "deleted"))

    def people(self):
        people = sorted({each for inside in self.inside.values() for each in inside})
        columns = {
            "subscriber": [subscriber_text(each) for each in people],
            "user_id": [f"u{each}" for each in people],
            "email": [self.email(each) for each in people],
            "email_consent": ["denied" if each in self.nobody_mails else "granted" for each in people],
        }
        return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})

    def email(self, person):
        return None if person % 7 == 6 else f"p{person}@example.org"

    def members(self, segment):
        return sorted(self.inside[segment]) if segment in self.inside else None


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.now = Instant(1_800_000_000_000)

    def __call__(self):
        return self.now

    def pass_ms(self, ms):
        self.now = Instant(self.now + ms)
