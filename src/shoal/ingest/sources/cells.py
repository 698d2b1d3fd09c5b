"""Reading one row of an export: by column names whatever their case, blank cells left out.

Every reader takes several names, for the spellings that a column has had over the years, and
answers from the first that is there and not blank.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlsplit

from shoal.core.time import Instant, format_instant
from shoal.ingest import values
from shoal.ingest.canonical import Json
from shoal.ingest.keys import id_text
from shoal.ingest.source import Context, Row, RowRejectedError

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\dA-Za-z_]+")


@lru_cache(maxsize=1_024)
def _folded(columns: tuple[str, ...]) -> Mapping[str, str]:
    return {column.strip().lstrip("\ufeff").casefold(): column for column in reversed(columns)}


@lru_cache(maxsize=16_384)
def snake(column: str) -> str:
    """A column's name as a trait or property.

    >>> snake("State / Region"), snake("emailStatus"), snake("$utm_source"), snake("#")
    ('state_region', 'email_status', 'utm_source', '#')
    """
    return "_".join(_WORD.findall(column)).casefold() or column.strip()


@dataclass(frozen=True, slots=True)
class Cells:
    """One row and what is needed to read it; columns are named in lower case."""

    row: Row
    context: Context
    names: Mapping[str, str]  # lower case to the file's own spelling

    def value(self, *columns: str) -> object:
        """The first of the columns that isn't blank, as read; None when all are."""
        for column in columns:
            name = self.names.get(column)
            found = None if name is None else self.row.get(name)
            if found is not None and found != "" and not (isinstance(found, str) and found.isspace()):
                return found
        return None

    def text(self, *columns: str) -> str | None:
        """The value as text without blanks around it; None for lists, objects and not-a-number.

        The apostrophe that keeps spreadsheets from reading a number ("'+351…") is taken off. Whole
        numbers that came as floating point (ids with gaps, in Parquet) lose their ".0".
        """
        names, row = self.names, self.row
        for column in columns:
            name = names.get(column)
            found = None if name is None else row.get(name)
            if found is None or found == "":
                continue
            if not isinstance(found, str):
                return _as_text(found)
            text = found.strip()
            if text:
                return text[1:] if text[0] == "'" and text[1:2] in _GUARDED else text
        return None

    def identifier(self, *columns: str) -> str | None:
        """The value as an id, as `text` has it; None when blank, RowRejectedError `bad_id` for what can be no id."""
        found = self.value(*columns)
        return self.text(*columns) if isinstance(found, str) else id_text(found) or None

    def number(self, *columns: str) -> int | float | None:
        """The value as a number; None when blank or none."""
        return values.number(self.value(*columns))

    def amount(self, *columns: str) -> int | float | None:
        """An amount of money in major units; None when blank, RowRejectedError `bad_amount` when it is no number."""
        found = self.value(*columns)
        amount = values.number(found)
        if found is not None and amount is None:
            raise RowRejectedError("bad_amount", f"The amount in column {columns[0]!r} is not a number.")
        return amount

    def flag(self, *columns: str) -> bool | None:
        """The value as yes or no; None when blank or neither."""
        found = self.value(*columns)
        return None if found is None else values.boolean(found)

    def at(self, *columns: str) -> Instant | None:
        """The value as an instant; None when blank, RowRejectedError `bad_time` when it is no time."""
        found = self.value(*columns)
        return None if found is None else values.instant(found, self.context, columns[0])

    def required_at(self, *columns: str) -> Instant:
        """As `at`, but a blank is a RowRejectedError `bad_time` too: an event has to have happened at some time."""
        return values.instant(self.value(*columns), self.context, columns[0])

    def latest(self, *columns: str) -> Instant | None:
        """The latest of the times that the columns tell; None when all are blank."""
        told = [at for column in columns if (at := self.at(column)) is not None]
        return max(told, default=None)

    def unzoned(self) -> Cells:
        """The same row, read as if times without a zone named UTC: what it says is the same in every `zone`."""
        context = self.context
        return self if context.zone is dt.UTC else replace(self, context=replace(context, zone=dt.UTC))

    def listed(self, *columns: str) -> list[str]:
        """The value as a list of texts: a JSON list, or parts between commas or semicolons; quotes are taken off.

        >>> read({"Tags": '"VIP","Spring; sale"'}, Context(received_at=Instant(0))).listed("tags")
        ['VIP', 'Spring; sale']
        """
        found = self.value(*columns)
        if isinstance(found, list | tuple):
            return [str(part) for part in found if part is not None and part != ""]
        text = self.text(*columns)
        if text is None or text == "[]":
            return []
        if text.startswith("[") and text.endswith("]"):
            text = text[1:-1]
        return [part for part in (_unquoted(part) for part in _PART.findall(text)) if part]

    def moment(self, *columns: str) -> str | None:
        """A time as ISO 8601 text in UTC, for traits and properties; unread text as it is, None when blank."""
        try:
            found = self.at(*columns)
        except RowRejectedError:
            return self.text(*columns)
        return None if found is None else format_instant(found)

    def rest(self, known: Collection[str]) -> dict[str, Json]:
        """All columns that are not known and not blank, under snake_case names; a connector's own are left out."""
        found: dict[str, Json] = {}
        for folded, name in self.names.items():
            if folded in known or folded.startswith(CONNECTOR):
                continue
            value = values.plain(self.row.get(name))
            if value is not None and value not in ("", [], {}):
                found.setdefault(snake(name.lstrip("\ufeff")), value)
        return found


def _as_text(found: object) -> str | None:
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, float):
        return (str(int(found)) if found.is_integer() else str(found)) if math.isfinite(found) else None
    return None if isinstance(found, list | dict | tuple) else str(found)


_GUARDED = frozenset("0123456789+-=")
_PART = re.compile(r'"(?:[^"]|"")*"|[^,;]+')
CONNECTOR = ("_fivetran", "_airbyte", "_company_synced", "_sdc_")
"""How the columns begin that a warehouse connector adds to every table."""


def parsed_json(cell: object) -> object:
    """A cell that holds JSON as text, parsed; anything else, and text that is no JSON, as it is."""
    if isinstance(cell, str) and cell.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return cell
    return cell


def url_path(url: object) -> str | None:
    """The path of an address, "/" for the start page; None when it is no address.

    >>> url_path("https://shop.example.org/pricing?plan=pro"), url_path("https://shop.example.org")
    ('/pricing', '/')
    """
    if not isinstance(url, str) or not url:
        return None
    try:
        return urlsplit(url).path or "/"
    except ValueError:
        return None


def newest(first: Instant, *others: Instant | None) -> Instant:
    """The latest of the times that are told."""
    return max((first, *(other for other in others if other is not None)))


def read(row: Row, context: Context) -> Cells:
    """The row, ready to be read."""
    return Cells(row, context, _folded(tuple(row)))


def rows(found: Sequence[Row], context: Context) -> list[Cells]:
    """All rows of a group, ready to be read."""
    return [read(row, context) for row in found]


def present(**properties: Json) -> dict[str, Json]:
    """The properties that have a value.

    >>> present(total=0, coupon=None, tags=[])
    {'total': 0}
    """
    return {name: value for name, value in properties.items() if value is not None and value not in ("", [], {})}


def _unquoted(part: str) -> str:
    text = part.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].replace('""', '"')
    return text.strip()
