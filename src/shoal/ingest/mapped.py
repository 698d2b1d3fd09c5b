"""A mapping at work: rows to records."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_changes
from typing import Final

from msgspec.structs import replace

from shoal.core.time import Instant, format_instant, from_datetime
from shoal.ingest import values
from shoal.ingest.canonical import INT64, Consent, ConsentState, Json, Record
from shoal.ingest.consent_words import folded, is_about_consent
from shoal.ingest.filters import Test, compiled, text_of
from shoal.ingest.keys import anonymous_key, device_key, email_key, id_text, ordered, phone_key, user_key
from shoal.ingest.mapping import Consented, Event, Field, Key, Mapping, RowRule, Value, When
from shoal.ingest.refusals import refusal_of
from shoal.ingest.source import Context, FileHead, Row, RowRejectedError, RowSkippedError, Source
from shoal.ingest.sources.message_ids import event_id, facts_record

KEY_MAKERS: dict[str, Callable[[str, str | None, Context], str | None]] = {
    "user": lambda text, vendor, _: user_key(text, vendor),
    "email": lambda text, _, __: email_key(text),
    "phone": lambda text, _, context: phone_key(text, context.region),
    "anonymous": lambda text, vendor, _: anonymous_key(f"{vendor}/{text}" if vendor and text else text),
    "device": lambda text, vendor, _: device_key(f"{vendor}/{text}" if vendor and text else text),
}
"""How a column's text, the vendor and the context give a key."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A mapping made ready to be applied to many rows."""

    mapping: Mapping
    named: frozenset[str]  # all columns that it names
    keys: tuple[tuple[str, Key], ...]  # kind and column
    events: tuple[tuple[Event, Test], ...]
    reject: tuple[tuple[RowRule, Test], ...]
    skip: tuple[tuple[RowRule, Test], ...]
    consent: tuple[tuple[Consented, dict[str, ConsentState | None]], ...]


def source_of(mapping: Mapping) -> Source:
    """The source that a mapping describes. It recognises files that have all columns of the mapping."""
    plan = _planned(mapping)

    def recognise(head: FileHead) -> float:
        return 1.0 if plan.named <= set(head.columns) else 0.0

    def check(row: Row, _: Context) -> None:
        _check_row(plan, row)

    def map_rows(rows: Sequence[Row], context: Context) -> Iterable[Record]:
        return _records(plan, rows, context)

    return Source(
        name=mapping.source,
        title=f"{mapping.source} (by mapping)",
        recognise=recognise,
        map_rows=map_rows,
        group_by=mapping.group,
        check=check if mapping.reject or mapping.skip else None,
        warnings=tuple(_consent_as_traits(mapping)),
    )


def _consent_as_traits(mapping: Mapping) -> Iterable[str]:
    """A refusal that is only a trait stops no mail; one whose day is that of an event that refuses is no trait only."""
    stated = {each.column for each in mapping.consent} | set(_refusing_days(mapping))
    for trait, value in mapping.traits.items():
        column = value if isinstance(value, str) else value.column
        if column is not None and column not in stated and is_about_consent(column):
            yield (
                f"The mapping makes column {column!r} the trait {trait!r}, which is no consent: whoever refuses there "
                "is mailed all the same. Put the column under consent."
            )


def _refusing_days(mapping: Mapping) -> Iterable[str]:
    for event in mapping.events:
        if event.at is not None and refusal_of(event.name) is not None:
            yield event.at if isinstance(event.at, str) else event.at.column


def _planned(mapping: Mapping) -> _Plan:
    columns = ((kind, getattr(mapping.keys, kind)) for kind in KEY_MAKERS)
    return _Plan(
        mapping=mapping,
        named=frozenset(mapping.columns()),
        keys=tuple((kind, Key(column) if isinstance(column, str) else column) for kind, column in columns if column),
        events=tuple((event, compiled(event.when)) for event in mapping.events),
        reject=tuple((rule, compiled(rule.when)) for rule in mapping.reject),
        skip=tuple((rule, compiled(rule.when)) for rule in mapping.skip),
        consent=tuple((stated, stated.states()) for stated in mapping.consent),
    )


def _check_row(plan: _Plan, row: Row) -> None:
    for rule, holds in plan.reject:
        if holds(row):
            raise RowRejectedError(rule.reason, rule.message or _told(rule))
    for rule, holds in plan.skip:
        if holds(row):
            raise RowSkippedError(rule.reason)


def _told(rule: RowRule) -> str:
    return f"The mapping rejects such rows by their {', '.join(dict.fromkeys(test.column for test in rule.when))}."


def _records(plan: _Plan, rows: Sequence[Row], context: Context) -> list[Record]:
    first, mapping = rows[0], plan.mapping
    keys, unusable = _keys(plan, first, context)
    at = _at(mapping.at, first, context)
    traits = _fields(mapping.traits, rows, context)
    consent = _reaching(_consent(plan, first), unusable)
    stated = [event for event, holds in plan.events if holds(first)]
    rest = _rest(plan, first) if mapping.keep_unmapped else {}
    if not stated:
        if mapping.events and not (traits or consent):
            raise RowSkippedError("no_event")
        traits |= _flaws(unusable)
        facts = Record(keys, None, at, None, {}, rest | traits, consent)
        return [facts] if facts.traits or consent else []
    traits |= _flaws(unusable)
    plain = Record(keys, None, at, None, rest)
    found = [_event(event, mapping, rows, context, plain) for event in stated]
    changing = ((each, refusal_of(each.name)) for each in found if each.version is not None)
    refused = [
        facts_record(Record(keys, at=each.at, consent=(refusal,)), str(each.message_id))
        for each, refusal in changing
        if refusal is not None
    ]
    return _with_facts(found, Record(keys, None, at, traits=traits, consent=consent)) + refused


def _with_facts(found: list[Record], facts: Record) -> list[Record]:
    """The events with the row's facts, which are stated once: by the first event whose state doesn't change, if any."""
    if not facts.traits and not facts.consent:
        return found
    for place, record in enumerate(found):
        if record.version is None:
            found[place] = replace(record, traits=facts.traits, consent=facts.consent)
            return found
    return [*found, facts_record(facts, str(found[0].message_id))]


def _event(event: Event, mapping: Mapping, rows: Sequence[Row], context: Context, blank: Record) -> Record:
    """The record of one event; `blank` carries what the events of a row share.

    Without an id of its own it is known by who, what, when and its properties, as they are written in the file.
    """
    first = rows[0]
    name = event.name if event.name is not None else text_of(first, str(event.name_from))
    if not name:
        raise RowRejectedError("no_event_name", f"The column {event.name_from!r} with the event's name is blank.")
    at = event.at if event.at is not None else mapping.at
    properties = {**blank.properties, **_properties(event, rows, context)}
    own_id = text_of(first, event.id) if event.id else ""
    if own_id:
        known_by = f"{name}/{own_id}"
    else:
        written = context if context.zone is dt.UTC else with_changes(context, zone=dt.UTC)
        said = properties if written is context else {**blank.properties, **_properties(event, rows, written)}
        known_by = event_id(blank.keys[0], name, _at(_unzoned(at), first, written), said)
    return Record(
        keys=blank.keys,
        name=name,
        at=_at(event.at, first, context) if event.at is not None else blank.at,
        message_id=known_by,
        properties=properties,
        version=_version(event.version, first, context) if event.version and own_id else None,
    )


def _properties(event: Event, rows: Sequence[Row], context: Context) -> dict[str, Json]:
    found = _fields(event.properties, rows, context)
    if event.products:
        found["products"] = [_fields(event.products, (row,), context) for row in rows]
    return found


def _unzoned(at: str | When | None) -> str | When | None:
    return replace(at, zone=None) if isinstance(at, When) else at


def _version(column: str, row: Row, context: Context) -> int:
    """A number in hundredths, so that sums of money are told apart, or a time in milliseconds; 0 where it is blank."""
    text = text_of(row, column)
    number = values.number(row.get(column))
    try:
        if number is None:
            return values.instant(row.get(column), context, column) if text else 0
        found = round(number * 100)
    except (RowRejectedError, OverflowError):
        found = None
    if found is None or found not in INT64:
        raise RowRejectedError("bad_version", f"The version in column {column!r} is neither a number nor a time.")
    return found


def _keys(plan: _Plan, row: Row, context: Context) -> tuple[tuple[str, ...], frozenset[str]]:
    """The keys, strongest first, and the kinds of those that are filled in and unusable."""
    found: list[str | None] = []
    unusable = set()
    for kind, column in plan.keys:
        text = id_text(row.get(column.column))
        found.append(KEY_MAKERS[kind](text, column.vendor, context))
        if text and found[-1] is None:
            unusable.add(kind)
    keys = ordered(found)
    if not keys:
        raise RowRejectedError("no_identity", "None of the columns with keys says who the row is about.")
    return keys, frozenset(unusable)


_REACHED_BY: Final = {"email": "email", "sms": "phone", "whatsapp": "phone", "phone": "phone"}
"""The kind of key that a channel needs."""


def _reaching(stated: tuple[Consent, ...], unusable: frozenset[str]) -> tuple[Consent, ...]:
    """What is stated, less agreements to be written to at an address or number that is none."""
    return tuple(one for one in stated if one.state != "granted" or _REACHED_BY.get(one.channel) not in unusable)


def _flaws(unusable: frozenset[str]) -> dict[str, Json]:
    """The traits by which the audit counts addresses and numbers that are none, as `contacts.identity` has them."""
    return {f"{kind}_invalid": True for kind in ("email", "phone") if kind in unusable}


def _at(at: str | When | None, row: Row, context: Context) -> Instant | None:
    if at is None:
        return None
    when = at if isinstance(at, When) else When(at)
    if when.zone is not None:
        context = with_changes(context, zone=zoneinfo.ZoneInfo(when.zone))
    if when.format is None:
        return values.instant(row.get(when.column), context, when.column)
    try:
        moment = dt.datetime.strptime(text_of(row, when.column), when.format)  # noqa: DTZ007 - the zone follows
    except ValueError:
        raise RowRejectedError(
            "bad_time", f"The time in column {when.column!r} hasn't the form {when.format}."
        ) from None
    return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=context.zone))


def _fields(fields: dict[str, Value], rows: Sequence[Row], context: Context) -> dict[str, Json]:
    """The values that are there, by name."""
    found = {name: _value(field, rows, context) for name, field in fields.items()}
    return {name: value for name, value in found.items() if value is not None}


def _value(field: Value, rows: Sequence[Row], context: Context) -> Json:
    if isinstance(field, str):
        return values.plain(rows[0].get(field))
    if field.sum is not None:
        return _total(field.sum, rows)
    if field.column is None:
        return field.value
    return _typed(field, rows[0].get(field.column), context)


def _typed(field: Field, value: object, context: Context) -> Json:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if field.type == "text":
        return str(value).strip() or None
    if field.type == "time":
        return format_instant(values.instant(value, context, field.column))
    if field.type == "auto":
        return values.plain(value)
    read = values.number(value) if field.type == "number" else values.boolean(value)
    if read is None:
        raise RowRejectedError(f"bad_{field.type}", f"The value in column {field.column!r} is no {field.type}.")
    return read


def _total(columns: str | tuple[str, ...], rows: Sequence[Row]) -> float:
    """The sum over the rows of a column, or of the product of several; to four decimals, as amounts of money need."""
    total = 0.0
    for row in rows:
        product = 1.0
        for column in (columns,) if isinstance(columns, str) else columns:
            factor = values.number(row.get(column))
            if factor is None:
                raise RowRejectedError("bad_number", f"The value in column {column!r} is no number.")
            product *= factor
        total += product
    return round(total, 4)


def _consent(plan: _Plan, row: Row) -> tuple[Consent, ...]:
    """What the row's columns state; a word that is known as neither yes nor no nor nothing refuses the row."""
    found = []
    for stated, states in plan.consent:
        word = folded(text_of(row, stated.column))
        if word not in states and word:
            raise RowRejectedError(
                "unknown_consent_word",
                f"The word in column {stated.column!r} is no known yes or no: "
                "add it to granted, denied, pending or silent of the mapping.",
            )
        state = states.get(word)
        if state is not None:
            found.append(Consent(stated.channel, state, stated.purpose, "import"))
    return tuple(found)


def _rest(plan: _Plan, row: Row) -> dict[str, Json]:
    found = {name: values.plain(value) for name, value in row.items() if name not in plan.named}
    return {name: value for name, value in found.items() if value is not None}
