"""The common part of all exports of people: keys, facts, consent.

A source says which column is what (`Contacts`); what it doesn't name becomes a trait under its own name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from msgspec import structs

from shoal.core.time import Instant
from shoal.ingest import events
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.column_names import plain_name
from shoal.ingest.keys import email_key, ordered, phone_key, user_key
from shoal.ingest.source import Context, Row, RowRejectedError
from shoal.ingest.sources.cells import Cells, read
from shoal.ingest.sources.consents import Stated, refused
from shoal.ingest.sources.message_ids import event_id

NAMES: Mapping[str, str] = {
    "first name": "first_name",
    "first_name": "first_name",
    "firstname": "first_name",
    "last name": "last_name",
    "last_name": "last_name",
    "lastname": "last_name",
    "full name": "name",
    "name": "name",
    "company": "company",
    "company name": "company",
    "organization": "company",
    "job title": "job_title",
    "title": "job_title",
    "address": "address",
    "address1": "address",
    "address_1": "address",
    "address_2": "address_2",
    "address 1": "address",
    "address2": "address_2",
    "address 2": "address_2",
    "city": "city",
    "state": "region",
    "state / region": "region",
    "region": "region",
    "province": "region",
    "country": "country",
    "country code": "country_code",
    "country_code": "country_code",
    "zip": "postal_code",
    "zip code": "postal_code",
    "postal code": "postal_code",
    "postcode": "postal_code",
    "timezone": "timezone",
    "time zone": "timezone",
    "time_zone": "timezone",
    "language": "language",
    "locale": "language",
    "gender": "gender",
    "birthday": "birthday",
    "birthdate": "birthday",
    "date of birth": "birthday",
}
"""Columns with the same meaning nearly everywhere; all are kept as text."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """Which columns of an export of people mean what; all column names in lower case."""

    email: tuple[str, ...] = ("email",)
    phone: tuple[str, ...] = ()
    ids: Mapping[str, str | None] = field(default_factory=dict)  # column to vendor; None: an id of your own
    texts: Mapping[str, str] = field(default_factory=dict)  # column to trait; beside and before NAMES
    times: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    updated: tuple[str, ...] = ()  # when the row last changed: the date of its traits, the age of undated consent
    ignored: frozenset[str] = frozenset()
    consent: Callable[[Cells], list[Stated]] = lambda _: []
    consent_columns: frozenset[str] = frozenset()
    consent_pattern: re.Pattern[str] | None = None  # columns of consent whose names have parts of their own

    def consenting(self, cells: Cells) -> tuple[str, ...]:
        """The columns of the row that match `consent_pattern`."""
        pattern = self.consent_pattern
        return tuple(name for name in cells.names if pattern.match(name)) if pattern else ()

    def known(self) -> frozenset[str]:
        """Every column that has a meaning here."""
        named = (self.email, self.phone, self.ids, self.times, self.lists, self.flags, self.texts, self.updated)
        return frozenset(NAMES) | self.ignored | self.consent_columns | {name for group in named for name in group}


def mapper(spec: Contacts) -> Callable[[Sequence[Row], Context], Iterable[Record]]:
    """The `map_rows` of an export of people."""
    known, texts = spec.known(), {**NAMES, **spec.texts}

    def map_rows(group: Sequence[Row], context: Context) -> Iterator[Record]:
        for row in group:
            yield from people(read(row, context), spec, known, texts)

    return map_rows


def people(cells: Cells, spec: Contacts, known: frozenset[str], texts: Mapping[str, str]) -> Iterator[Record]:
    """The records of one person: facts, consent without a time of its own, then each dated consent by itself.

    When the row last changed dates its facts. Consent may be older than that, so it is no date of consent; undated
    consent is stated with it, to tell whether another row of the source is newer.
    """
    keys, flaws = identity(cells, spec.email, spec.ids, spec.phone)
    updated = cells.at(*spec.updated)
    named = spec.consenting(cells)
    known = known.union(named) if named else known
    columns = _refusing(tuple(cells.names), known)
    stated = spec.consent(cells) + refused(cells, *columns)
    unnamed = cells.rest(known.union(columns) if columns else known)
    traits = {**unnamed, **_known_traits(cells, spec, texts), **flaws}
    undated = tuple(structs.replace(consent, changed=updated) for consent, when in stated if when is None)
    if updated is None:
        if traits or undated or not stated:
            yield Record(keys=keys, traits=traits, consent=undated)
    else:
        if traits or not stated:
            yield Record(keys=keys, at=updated, traits=traits)
        if undated:
            yield Record(keys=keys, consent=undated)
    plain = cells.unzoned()
    as_written = stated if plain is cells else spec.consent(plain) + refused(plain, *columns)
    for (consent, when), (_, written) in zip(stated, as_written, strict=True):
        if when is not None and written is not None:
            yield consent_change(keys, consent, when, written)


_REFUSED: Final = re.compile(
    r"((custom|property|merge)_)?((e_?mail|newsletter|marketing)_)?"
    r"(unsubscribed?|opted_?out|opt_?out|do_?not_?(e_?)?mail|do_?not_?contact|abgemeldet|abbestellt)"
    r"(_(from|of)_(all_)?(e_?mails?|marketing|newsletter))?(_(at|on|am|date|time))?"
)
"""Plain names of columns of your own that speak of refusing e-mail and nothing else."""


@lru_cache(maxsize=1_024)
def _refusing(columns: tuple[str, ...], known: frozenset[str]) -> tuple[str, ...]:
    """The columns that the source doesn't know and that refuse by their name."""
    return tuple(column for column in columns if column not in known and _REFUSED.fullmatch(plain_name(column)))


def _known_traits(cells: Cells, spec: Contacts, texts: Mapping[str, str]) -> dict[str, Json]:
    """Traits of the columns that are there; of two columns for one trait, the first that isn't blank."""
    found: dict[str, Json] = {}
    read_as: tuple[tuple[Mapping[str, str], Callable[[str], Json]], ...] = (
        (texts, cells.text),
        (spec.times, cells.moment),
        (spec.lists, lambda column: list(cells.listed(column)) or None),
        (spec.flags, lambda column: cells.text(column) if cells.flag(column) is None else cells.flag(column)),
    )
    for columns, reader in read_as:
        for column, trait in columns.items():
            value = reader(column) if column in cells.names and trait not in found else None
            if value is not None:
                found[trait] = value
    return found


def identity(
    cells: Cells,
    email: tuple[str, ...],
    ids: Mapping[str, str | None],
    phone: tuple[str, ...] = (),
    *,
    region: str | None = None,
) -> tuple[tuple[str, ...], dict[str, Json]]:
    """Keys of the row's person, and traits that tell of flaws; RowRejectedError `no_identity` when there is no key.

    An address or number that is none is dropped and counted by the trait `email_invalid` or `phone_invalid`.
    `region` is the country (ISO 3166-1 alpha-2) of numbers that name none.
    """
    stated = tuple((cells.identifier(column), vendor) for column, vendor in ids.items())
    number = cells.identifier(*phone) if phone else None
    keys, flaws = _keys(stated, cells.text(*email), number, region or cells.context.region)
    if not keys:
        columns = ", ".join(repr(column) for column in (*ids, *email[:1], *phone[:1]))
        raise RowRejectedError("no_identity", f"The row names nobody: nothing usable in {columns}.")
    return keys, dict.fromkeys(flaws, True)


@lru_cache(maxsize=65_536)
def _keys(
    ids: tuple[tuple[str | None, str | None], ...], email: str | None, phone: str | None, region: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys and flaws; people come up again and again in logs, hence the cache."""
    address = email_key(email) if email else None
    number = phone_key(phone, region) if phone else None
    flaws = (("email_invalid",) if email and not address else ()) + (("phone_invalid",) if phone and not number else ())
    return ordered([*(user_key(text, vendor) for text, vendor in ids), address, number]), flaws


def consent_change(keys: tuple[str, ...], consent: Consent, when: Instant, written: Instant) -> Record:
    """A dated consent: for e-mail it is the event "Subscribed" or "Unsubscribed" too, known by who, what and when.

    `written` is the time as the row has it (`Cells.unzoned`).
    """
    named = {"granted": events.SUBSCRIBED, "denied": events.UNSUBSCRIBED}
    name = named.get(consent.state) if consent.channel == "email" else None
    return Record(keys, name, when, event_id(keys[0], name, written) if name else None, consent=(consent,))
