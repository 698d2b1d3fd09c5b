"""A mapping at work: rows to records."""

from __future__ import annotations

import datetime as dt
import operator
import zoneinfo
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from shoal.core.time import Instant, format_instant, from_datetime
from shoal.ingest import values
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.keys import anonymous_key, device_key, email_key, ordered, phone_key, user_key
from shoal.ingest.mapping import Event, Field, Filter, Key, Mapping, RowRule, Value, When
from shoal.ingest.source import Context, FileHead, Row, RowRejectedError, RowSkippedError, Source


def source_of(mapping: Mapping) -> Source:
    """The source that a mapping describes. It recognises files that have all columns of the mapping."""
    columns = frozenset(mapping.columns())

    def recognise(head: FileHead) -> float:
        return 1.0 if columns <= set(head.columns) else 0.0

    def check(row: Row, _: Context) -> None:
        _check_row(mapping, row)

    def map_rows(rows: Sequence[Row], context: Context) -> Iterable[Record]:
        return _records(mapping, rows, context)

    return Source(
        name=mapping.source,
        title=f"{mapping.source} (by mapping)",
        recognise=recognise,
        map_rows=map_rows,
        group_by=mapping.group,
        check=check if mapping.reject or mapping.skip else None,
    )


def _check_row(mapping: Mapping, row: Row) -> None:
    for rule in mapping.reject:
        if _holds(rule.when, row):
            raise RowRejectedError(rule.reason, rule.message or _told(rule))
    for rule in mapping.skip:
        if _holds(rule.when, row):
            raise RowSkippedError(rule.reason)


def _told(rule: RowRule) -> str:
    return f"The mapping rejects such rows by their {', '.join(dict.fromkeys(test.column for test in rule.when))}."


def _records(mapping: Mapping, rows: Sequence[Row], context: Context) -> list[Record]:
    first = rows[0]
    keys = _keys(mapping, first, context)
    at = _at(mapping.at, first, context)
    traits = _fields(mapping.traits, rows, context)
    consent = _consent(mapping, first)
    stated = [event for event in mapping.events if _holds(event.when, first)]
    rest = _rest(mapping, first) if mapping.keep_unmapped else {}
    if not stated:
        if mapping.events and not (traits or consent):
            raise RowSkippedError("no_event")
        facts = Record(keys, None, at, None, {}, rest | traits, consent)
        return [facts] if facts.traits or consent else []
    return [
        _event(
            event, rows, context, Record(keys, None, at, None, rest, {} if place else traits, () if place else consent)
        )
        for place, event in enumerate(stated)
    ]


def _event(event: Event, rows: Sequence[Row], context: Context, blank: Record) -> Record:
    """The record of one event; `blank` carries what the events of a row share."""
    first = rows[0]
    name = event.name if event.name is not None else _text(first, str(event.name_from))
    if not name:
        raise RowRejectedError("no_event_name", f"The column {event.name_from!r} with the event's name is blank.")
    properties = {**blank.properties, **_fields(event.properties, rows, context)}
    if event.products:
        properties["products"] = [_fields(event.products, (row,), context) for row in rows]
    own_id = _text(first, event.id) if event.id else ""
    return Record(
        keys=blank.keys,
        name=name,
        at=_at(event.at, first, context) if event.at is not None else blank.at,
        message_id=f"{name}/{own_id}" if own_id else None,
        properties=properties,
        traits=blank.traits,
        consent=blank.consent,
    )


def _keys(mapping: Mapping, row: Row, context: Context) -> tuple[str, ...]:
    makers: dict[str, Callable[[str, str | None], str | None]] = {
        "user": user_key,
        "email": lambda text, _: email_key(text),
        "phone": lambda text, _: phone_key(text, context.region),
        "anonymous": lambda text, vendor: anonymous_key(f"{vendor}/{text}" if vendor and text else text),
        "device": lambda text, vendor: device_key(f"{vendor}/{text}" if vendor and text else text),
    }
    found = []
    for kind, make in makers.items():
        column = getattr(mapping.keys, kind)
        if column is not None:
            key = column if isinstance(column, Key) else Key(column)
            found.append(make(_text(row, key.column), key.vendor))
    keys = ordered(found)
    if not keys:
        raise RowRejectedError("no_identity", "None of the columns with keys says who the row is about.")
    return keys


def _at(at: str | When | None, row: Row, context: Context) -> Instant | None:
    if at is None:
        return None
    when = at if isinstance(at, When) else When(at)
    if when.zone is not None:
        context = replace(context, zone=zoneinfo.ZoneInfo(when.zone))
    if when.format is None:
        return values.instant(row.get(when.column), context, when.column)
    try:
        moment = dt.datetime.strptime(_text(row, when.column), when.format)  # noqa: DTZ007 - the zone follows
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


def _consent(mapping: Mapping, row: Row) -> tuple[Consent, ...]:
    found = []
    for stated in mapping.consent:
        state = stated.state(_text(row, stated.column))
        if state is not None:
            found.append(Consent(stated.channel, state, stated.purpose, "import"))
    return tuple(found)


def _rest(mapping: Mapping, row: Row) -> dict[str, Json]:
    named = set(mapping.columns())
    found = {name: values.plain(value) for name, value in row.items() if name not in named}
    return {name: value for name, value in found.items() if value is not None}


def _holds(tests: Sequence[Filter], row: Row) -> bool:
    return all(passes(_text(row, test.column)) for test in tests for passes in _predicates(test))


Predicate = Callable[[str], bool]


@lru_cache(maxsize=1_024)
def _predicates(test: Filter) -> tuple[Predicate, ...]:
    """The parts of a test, each on the column's text."""
    parts: dict[str, Callable[[Any], Predicate]] = {
        "is_": lambda want: lambda text: text == want,
        "is_not": lambda want: lambda text: text != want,
        "one_of": lambda want: lambda text: text in want,
        "none_of": lambda want: lambda text: text not in want,
        "starts_with": lambda want: lambda text: text.startswith(want),
        "not_starts_with": lambda want: lambda text: not text.startswith(want),
        "contains": lambda want: lambda text: want in text,
        "blank": lambda want: lambda text: (text == "") == want,
        "number": lambda want: lambda text: (values.number(text) is not None) == want,
        "gt": lambda want: lambda text: _compared(text, want, operator.gt),
        "gte": lambda want: lambda text: _compared(text, want, operator.ge),
        "lt": lambda want: lambda text: _compared(text, want, operator.lt),
        "lte": lambda want: lambda text: _compared(text, want, operator.le),
    }
    return tuple(make(getattr(test, name)) for name, make in parts.items() if getattr(test, name) is not None)


def _compared(text: str, want: float, how: Callable[[float, float], bool]) -> bool:
    found = values.number(text)
    return found is not None and how(found, want)


def _text(row: Row, column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value).strip()
