"""A first mapping for a file that no source knows, guessed from column names and values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.ingest import events, values
from shoal.ingest.mapping import Event, Field, Keys, Mapping, Value
from shoal.ingest.source import Context, FileHead, RowRejectedError

MOSTLY = 0.8
"""Share of a column's values that have to look alike."""

_EMAIL = re.compile(r"\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*")
_PHONE = re.compile(r"\s*\+?[\d\s().-]{7,20}\s*")
_CONTEXT = Context(received_at=Instant(0))
_NAMES = {
    "user": re.compile(
        r"(customer|user|client|member|contact|subscriber|profile|person|account|rec|visitor)_?(id|no|number|key)"
    ),
    "anonymous": re.compile(r"(anonymous|anon|cookie|session|browser)_?id"),
    "device": re.compile(r"device_?id|idfa|idfv|gaid|adid"),
    "phone": re.compile(r"phone|mobile|cell|tel(ephone)?$"),
    "time": re.compile(r"date|time|(^|_)at$|created|updated|occurred|^on$|^when$|stamp"),
    "event": re.compile(r"^(event|action|activity|interaction)(_?(name|type))?$|^type$"),
    "order": re.compile(r"(order|invoice|transaction|receipt|basket)_?(id|no|number|name)?$"),
    "code": re.compile(r"code|zip|postal|sku|barcode|ean$"),
    "money": re.compile(r"total|amount|price|revenue|spend|value|cost|sum$"),
}


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    values: tuple[str, ...]  # those of the sample that aren't blank

    @property
    def folded(self) -> str:
        """The name as `customer_id`, from whatever spelling."""
        parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name)
        return re.sub(r"[^a-z0-9]+", "_", parted.casefold()).strip("_")

    def is_called(self, kind: str) -> bool:
        return _NAMES[kind].search(self.folded) is not None

    def mostly(self, looks: Callable[[str], object]) -> bool:
        return bool(self.values) and sum(map(bool, map(looks, self.values))) >= MOSTLY * len(self.values)


def propose(head: FileHead) -> Mapping:
    """A mapping to start from. Raises UserError `nothing_to_propose` when no column seems to name a person.

    A file with a time and an event name, an order number or an amount is read as events, any other as facts about
    people.
    """
    columns = [_Column(name, tuple(_texts(head, name))) for name in head.columns]
    keys = _keys(columns)
    if keys == Keys():
        raise UserError(
            "nothing_to_propose",
            "No column looks like an e-mail address, a telephone number or a customer's id.",
            where=head.name,
            fix="Write a mapping and name the column under keys.",
        )
    taken = {str(getattr(keys, kind)) for kind in keys.__struct_fields__ if getattr(keys, kind) is not None}
    free = [column for column in columns if column.name not in taken]
    at = _first(free, lambda column: column.is_called("time") and column.mostly(_is_time))
    rest = [column for column in free if column is not at]
    name = _first(rest, lambda column: column.is_called("event") and not column.mostly(values.number))
    order = _first(rest, lambda column: column.is_called("order"))
    money = _first(rest, lambda column: column.is_called("money") and column.mostly(_is_number))
    source = re.sub(r"[^a-z0-9]+", "_", PurePosixPath(head.name).stem.casefold()).strip("_") or "file"
    if at is None or not (name or order or money):
        return Mapping(source, keys, traits={_named(column): _value(column) for column in free})
    event = Event(
        name=None if name else events.ORDER_COMPLETED,
        name_from=name.name if name else None,
        properties={_named(column): _value(column) for column in rest if column is not name},
    )
    return Mapping(source, keys, at=at.name, events=(event,))


def _keys(columns: Sequence[_Column]) -> Keys:
    def called(kind: str) -> str | None:
        return _name(_first(columns, lambda column: column.is_called(kind) and bool(column.values)))

    phone = _first(columns, lambda column: column.is_called("phone") and column.mostly(_PHONE.fullmatch))
    return Keys(
        user=called("user"),
        email=_name(_first(columns, lambda column: column.mostly(_EMAIL.fullmatch))),
        phone=_name(phone),
        anonymous=called("anonymous"),
        device=called("device"),
    )


def _name(column: _Column | None) -> str | None:
    return column.name if column else None


def _first(columns: Iterable[_Column], suits: Callable[[_Column], bool]) -> _Column | None:
    return next((column for column in columns if suits(column)), None)


def _texts(head: FileHead, name: str) -> Iterable[str]:
    found = (row.get(name) for row in head.sample)
    return (str(value) for value in found if value is not None and str(value).strip())


def _named(column: _Column) -> str:
    return column.folded or column.name


def _value(column: _Column) -> Value:
    """The column with the type that all values of the sample have; text where some are numbers and some are not."""
    if not column.values:
        return column.name
    numbers = sum(isinstance(values.plain(text), int | float) for text in column.values)
    if column.is_called("time") and all(map(_is_time, column.values)):
        return Field(column=column.name, type="time")
    if column.is_called("money") and all(map(_is_number, column.values)):
        return Field(column=column.name, type="number")
    if column.is_called("order") or column.is_called("code") or 0 < numbers < len(column.values):
        return Field(column=column.name, type="text")
    return column.name


def _is_number(text: str) -> bool:
    return values.number(text) is not None


def _is_time(text: str) -> bool:
    try:
        values.instant(text, _CONTEXT)
    except RowRejectedError:
        return False
    return True
