"""A first mapping for a file that no source knows, guessed from column names and values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

from shoal.core.errors import UserError
from shoal.ingest import events, values
from shoal.ingest import mapping as maps
from shoal.ingest.column_names import order_field, person_field
from shoal.ingest.mapping import Event, Field, Keys, Value
from shoal.ingest.propose_consent import Said, consent_in
from shoal.ingest.propose_consent import remarks as of_consent
from shoal.ingest.sampled import Column, columns_of, is_number, is_time
from shoal.ingest.source import FileHead

NAMED = 0.5
"""Share of a column's values that have to look alike, where its name says the same; the other rows are refused."""

_EMAIL = re.compile(r"\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*")
_PHONE = re.compile(r"\s*\+?[\d\s().-]{7,20}\s*")
_ID = re.compile(r"\s*\S{1,100}\s*")
_OWN_NAMES = ("revenue", "value")
"""Names of an order's amount that stay as they are, for the audit knows them."""


def propose(head: FileHead) -> maps.Mapping:
    """A mapping to start from. Raises UserError `nothing_to_propose` when no column seems to name a person.

    A file with a time and an event name, an order number or an amount is read as events, any other as facts about
    people. What says who agreed to mail or refused it becomes consent.
    """
    columns = columns_of(head)
    said = consent_in(columns)
    columns = tuple(column for column in columns if column.name not in said.columns)
    keys = _keys(columns)
    if keys == Keys():
        raise UserError(
            "nothing_to_propose",
            "No column looks like an e-mail address, a telephone number or a customer's id.",
            where=head.name,
            fix="Write a mapping and name the column under keys.",
        )
    taken = {str(getattr(keys, kind)) for kind in keys.__struct_fields__ if getattr(keys, kind) is not None}
    free = tuple(column for column in columns if column.name not in taken)
    source = re.sub(r"[^a-z0-9]+", "_", PurePosixPath(head.name).stem.casefold()).strip("_") or "file"
    return _log(source, keys, free, said) or _people(source, keys, free, said)


def remarks(proposed: maps.Mapping, head: FileHead) -> tuple[str, ...]:
    """What to look at before a proposal is used, in sentences."""
    columns = columns_of(head)
    told = list(of_consent(proposed.consent, columns))
    orders = [column for column in columns if column.is_called("order") and not column.is_unique and column.values]
    if proposed.events and proposed.events[0].name == events.ORDER_COMPLETED and orders:
        name = orders[0].name
        told.append(f"Several rows have one {name!r}. If they are lines of one order, add `group: {name}`.")
    return tuple(told)


def _people(source: str, keys: Keys, free: Sequence[Column], said: Said) -> maps.Mapping:
    traits = _fields(free, person_field)
    whole = not traits and not said.consent and not said.events  # nothing but keys
    return maps.Mapping(source, keys, events=said.events, traits=traits, consent=said.consent, keep_unmapped=whole)


def _log(source: str, keys: Keys, free: Sequence[Column], said: Said) -> maps.Mapping | None:
    """The file read as events; None where it has no time, or nothing that happened."""
    at = _time(free)
    rest = [column for column in free if column is not at]
    name = _first(rest, lambda column: column.is_called("event") and not column.mostly(values.number))
    order = _first(rest, lambda column: column.is_called("order"))
    money = _first(rest, lambda column: column.is_called("money") and column.mostly(is_number))
    if at is None or not (name or order or money):
        return None
    facts = [] if name else [column for column in rest if person_field(column.plain)]
    about = [column for column in rest if column is not name and column not in facts]
    numbered = order is not None and name is None and order.is_unique
    event = Event(
        name=None if name else events.ORDER_COMPLETED,
        name_from=name.name if name else None,
        id=order.name if order and numbered else None,
        properties=_fields(about, lambda _: None) if name else _order_fields(about, order),
    )
    traits = _fields(facts, person_field)
    return maps.Mapping(source, keys, at.name, events=(event, *said.events), traits=traits, consent=said.consent)


def _order_fields(columns: Sequence[Column], order: Column | None) -> dict[str, Value]:
    """What the rows say of an order, under the names that segments and reports use."""
    found = {} if order is None else {"order_id": _value(order)}
    rest = [column for column in columns if column is not order]
    owned = any(column.plain in _OWN_NAMES for column in rest)
    return {**found, **_fields(rest, lambda plain: order_field(plain) if not (owned and _is_total(plain)) else None)}


def _is_total(plain: str) -> bool:
    return order_field(plain) == "total" and plain != "total"


def _time(columns: Sequence[Column]) -> Column | None:
    """The column with the time: by its name where half of it are times, else by its values."""
    dated = [column for column in columns if not column.is_called("birth")]
    named = _first(dated, lambda column: column.is_called("time") and column.mostly(is_time, NAMED))
    return named or _first(dated, lambda column: column.mostly(lambda text: not is_number(text) and is_time(text)))


def _keys(columns: Sequence[Column]) -> Keys:
    def called(kind: str) -> str | None:
        return _name(_first(columns, lambda column: column.is_called(kind) and bool(column.values)))

    email = _first(columns, lambda column: column.is_called("email") and column.mostly(_EMAIL.fullmatch, NAMED))
    keys = Keys(
        user=called("user"),
        email=_name(email or _first(columns, lambda column: column.mostly(_EMAIL.fullmatch))),
        phone=_name(_first(columns, lambda column: column.is_called("phone") and column.mostly(_PHONE.fullmatch))),
        anonymous=called("anonymous"),
        device=called("device"),
    )
    happened = any(column.is_called("event") or column.is_called("order") for column in columns)
    return keys if keys != Keys() or happened else Keys(user=_name(_first(columns, _is_id)))


def _is_id(column: Column) -> bool:
    """Whether the column numbers the rows, where nothing else says whom they are about."""
    is_other = column.is_called("order") or column.is_called("code") or column.is_called("time")
    return column.is_called("id") and not is_other and column.is_unique and column.mostly(_ID.fullmatch, 1.0)


def _name(column: Column | None) -> str | None:
    return column.name if column else None


def _first(columns: Iterable[Column], suits: Callable[[Column], bool]) -> Column | None:
    return next((column for column in columns if suits(column)), None)


def _fields(columns: Sequence[Column], meaning: Callable[[str], str | None]) -> dict[str, Value]:
    """Names to columns: a known meaning where a column has one that no other has taken, else its own name."""
    found: dict[str, Value] = {}
    for column in columns:
        own = column.plain or column.name
        meant = meaning(column.plain) or own
        name = next(each for each in (meant, own, column.name) if each not in found or each == column.name)
        found[name] = _value(column)
    return found


def _value(column: Column) -> Value:
    """The column with the type that all values of the sample have; text where some are numbers and some are not."""
    if not column.values:
        return column.name
    numbers = sum(isinstance(values.plain(text), int | float) for text in column.values)
    if column.is_called("time") and all(map(is_time, column.values)):
        return Field(column=column.name, type="time")
    if column.is_called("money") and all(map(is_number, column.values)):
        return Field(column=column.name, type="number")
    if column.is_called("order") or column.is_called("code") or 0 < numbers < len(column.values):
        return Field(column=column.name, type="text")
    return column.name
