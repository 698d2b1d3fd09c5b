"""Mappings: a short YAML file that says how the rows of any file become records.

    source: webshop_orders
    at: Date
    keys:
      email: Email
    events:
      - name: Order Completed
        properties:
          total: {column: Amount, type: number}
    traits:
      country: Country

docs/concepts/import.md explains every key. `source_of` turns a mapping into a `Source`.
"""

from __future__ import annotations

import re
import zoneinfo
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from shoal.core.errors import UserError, nearest, require
from shoal.ingest import consent_words
from shoal.ingest.canonical import ConsentState
from shoal.ingest.source import FileHead

Kind = Literal["text", "number", "boolean", "time", "auto"]


class Filter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A test of one column's text. All that are set must hold; numbers are compared as numbers."""

    column: str
    is_: str | None = msgspec.field(name="is", default=None)
    is_not: str | None = None
    one_of: tuple[str, ...] | None = None
    none_of: tuple[str, ...] | None = None
    starts_with: str | None = None
    not_starts_with: str | None = None
    contains: str | None = None
    blank: bool | None = None
    number: bool | None = None  # whether the text is a number
    gt: float | None = None
    gte: float | None = None
    lt: float | None = None
    lte: float | None = None


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A column with an identity key; `vendor` keeps one system's ids apart from another's."""

    column: str
    vendor: str | None = None


class Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The columns that name the person."""

    user: str | Key | None = None
    email: str | Key | None = None
    phone: str | Key | None = None
    anonymous: str | Key | None = None
    device: str | Key | None = None


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The column with the time. `format` as of strptime; `zone` is meant by times that name none (IANA name)."""

    column: str
    format: str | None = None
    zone: str | None = None


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A value: one column's, or a fixed one, or the sum over a group of one column or a product of columns."""

    column: str | None = None
    type: Kind = "auto"
    value: str | int | float | bool | None = None
    sum: str | tuple[str, ...] | None = None


Value = str | Field


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An event that a row (or group) states when all filters of `when` hold for its first row."""

    name: str | None = None
    name_from: str | None = None  # the column with the name, where `name` isn't fixed
    when: tuple[Filter, ...] = ()
    at: str | When | None = None  # where it isn't the mapping's
    id: str | None = None  # the column with an id of its own
    version: str | None = None  # the column that grows when the row's state changes: a number or a time
    properties: dict[str, Value] = {}
    products: dict[str, Value] = {}  # what each row of the group says about one product


class Consented(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A column with consent for a channel: which of its texts mean granted, denied, pending, and which say nothing.

    What a list of the mapping's own has goes before the lists of other states (`consent_words`).
    """

    column: str
    channel: str = "email"
    purpose: str = "marketing"
    granted: tuple[str, ...] = consent_words.GRANTED
    denied: tuple[str, ...] = consent_words.DENIED
    pending: tuple[str, ...] = consent_words.PENDING
    silent: tuple[str, ...] = consent_words.SILENT

    def states(self) -> dict[str, ConsentState | None]:
        """Every known text, folded, and the state that it means; None where it says nothing.

        Of two lists with the same text the mapping's own counts, and of two of its own the more cautious one.
        """
        lists: tuple[tuple[ConsentState | None, tuple[str, ...], tuple[str, ...]], ...] = (
            (None, self.silent, consent_words.SILENT),
            ("granted", self.granted, consent_words.GRANTED),
            ("pending", self.pending, consent_words.PENDING),
            ("denied", self.denied, consent_words.DENIED),
        )
        by_origin = sorted(lists, key=lambda each: each[1] != each[2])  # stable: own lists come last and stay
        return {consent_words.folded(text): state for state, texts, _ in by_origin for text in texts}


class RowRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Rows to leave out: the reason that is counted, and the filters that all have to hold."""

    reason: str
    when: tuple[Filter, ...]
    message: str | None = None


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the rows of one kind of file become records. Field names are the keys of the YAML."""

    source: str
    keys: Keys
    at: str | When | None = None
    group: str | None = None  # rows in succession with the same value are one
    events: tuple[Event, ...] = ()
    traits: dict[str, Value] = {}
    consent: tuple[Consented, ...] = ()
    reject: tuple[RowRule, ...] = ()
    skip: tuple[RowRule, ...] = ()
    keep_unmapped: bool = False  # other columns: properties of the events, or traits where there are none

    def columns(self) -> tuple[str, ...]:
        """Every column that the mapping names, each once."""
        found: dict[str, None] = {}
        _collect(self, found)
        return tuple(found)

    def as_data(self) -> dict[str, Any]:
        """The mapping as YAML or JSON data; `mapping_from` reads it back."""
        data: dict[str, Any] = msgspec.to_builtins(self)
        return data

    def to_yaml(self) -> str:
        """The mapping as a YAML text."""
        return yaml.safe_dump(self.as_data(), sort_keys=False, allow_unicode=True)


_COLUMN_FIELDS = frozenset({"column", "group", "name_from", "id", "version", "sum"})


def _collect(value: object, found: dict[str, None]) -> None:
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            part = getattr(value, name)
            if name in _COLUMN_FIELDS or (name == "at" and isinstance(part, str)) or isinstance(value, Keys):
                _add_columns(part, found)
            _collect(part, found)
    elif isinstance(value, tuple):
        for part in value:
            _collect(part, found)
    elif isinstance(value, dict):
        for part in value.values():
            _add_columns(part, found)
            _collect(part, found)


def _add_columns(part: object, found: dict[str, None]) -> None:
    names = (part,) if isinstance(part, str) else part if isinstance(part, tuple) else ()
    found.update(dict.fromkeys(name for name in names if isinstance(name, str)))


def load_mapping(path: Path) -> Mapping:
    """The mapping in a YAML file; UserError `bad_mapping` naming the key and `unreadable_file`."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise UserError(
            "unreadable_file",
            "The mapping can't be read.",
            where=str(path),
            fix="Check the path, and that it is UTF-8 text.",
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
        raise UserError(
            "bad_mapping", "The mapping is no YAML.", where=where, fix="Check indents and quotes."
        ) from None
    return mapping_from(data, str(path))


def mapping_from(data: object, where: str = "mapping") -> Mapping:
    """A mapping from YAML or JSON data; UserError `bad_mapping` says which key is wrong.

    >>> mapping_from({"source": "shop", "keys": {"email": "Email"}, "traits": {"country": "Country"}}).columns()
    ('Email', 'Country')
    """
    require(isinstance(data, dict), "bad_mapping", "The mapping has no keys and values.", where=where, fix=_START)
    try:
        mapping = msgspec.convert(data, Mapping)
    except msgspec.ValidationError as error:
        raise _invalid(error, where) from None
    _check(mapping, where)
    return mapping


_START = "Begin with `source:` and `keys:`; `shoal import --dry-run FILE` proposes a mapping."
_UNKNOWN = re.compile(r"Object contains unknown field `(.+?)`")
_STRUCTS = (Mapping, Keys, Key, When, Field, Event, Consented, RowRule, Filter)
_NAMES = sorted({name for kind in _STRUCTS for name in kind.__struct_encode_fields__})


def _invalid(error: msgspec.ValidationError, where: str) -> UserError:
    message, _, place = str(error).partition(" - at ")
    key = place.strip("`").removeprefix("$.").removeprefix("$")
    unknown = _UNKNOWN.match(message)
    if unknown:
        key = f"{key}.{unknown[1]}" if key else unknown[1]
        return UserError(
            "bad_mapping",
            f"There is no key {unknown[1]!r} here.",
            where=f"{where}: {key}",
            fix=nearest(unknown[1], _NAMES) or "See docs/concepts/import.md for the keys.",
        )
    message = message.replace("Object missing required field", "There must be a key").replace("`", "'")
    return UserError("bad_mapping", f"{message.rstrip('.')}.", where=f"{where}: {key}" if key else where, fix=_START)


def _check(mapping: Mapping, where: str) -> None:
    """What types can't say."""

    def refuse(key: str, message: str, fix: str) -> UserError:
        return UserError("bad_mapping", message, where=f"{where}: {key}", fix=fix)

    if not re.fullmatch(r"[a-z0-9][a-z0-9_]*", mapping.source):
        raise refuse("source", "The source is no plain name.", "Write small letters, digits and _: webshop_orders.")
    if mapping.keys == Keys():
        raise refuse("keys", "No column says who a row is about.", "Name at least one of user, email, phone, device.")
    if not mapping.events and not mapping.traits and not mapping.consent and not mapping.keep_unmapped:
        raise refuse("events", "The mapping says nothing about the person.", "Add events, traits or consent.")
    for place, event in enumerate(mapping.events):
        if (event.name is None) == (event.name_from is None):
            raise refuse(f"events[{place}]", "An event has either a name or name_from.", "Write name: Order Completed.")
        if event.version is not None and event.id is None:
            raise refuse(f"events[{place}].version", "Versions are of an event that has an id.", "Add id: COLUMN.")
        if event.products and mapping.group is None:
            raise refuse(f"events[{place}].products", "Products are the rows of a group.", "Add group: COLUMN.")
    for place, stated in enumerate(mapping.consent):
        own = (stated.granted, stated.denied) != (consent_words.GRANTED, consent_words.DENIED)
        if consent_words.is_refusing(stated.column) and not own:
            message = f"In a column called {stated.column!r} a yes may mean no."
            raise refuse(f"consent[{place}]", message, 'Say which words mean what: granted: ["no"], denied: ["yes"].')
    for key, at in (("at", mapping.at), *((f"events[{i}].at", event.at) for i, event in enumerate(mapping.events))):
        if isinstance(at, When) and at.zone is not None and at.zone not in zoneinfo.available_timezones():
            raise refuse(f"{key}.zone", f"{at.zone!r} is no time zone.", "Write an IANA name such as Europe/Paris.")


def check_columns(mapping: Mapping, head: FileHead, where: str) -> None:
    """Raise UserError `unknown_column` when the mapping names a column that the file doesn't have.

    Of JSON lines only the first rows' names are known, so there a column that comes later is no mistake.
    """
    names = () if head.format == "jsonl" else mapping.columns()
    for name in names:
        require(
            name in head.columns,
            "unknown_column",
            f"The mapping names the column {name!r}, which the file doesn't have.",
            where=where,
            fix=nearest(name, head.columns) or f"The file's columns are {', '.join(head.columns[:20])}.",
        )
