"""Typeform's answers: `#`, one column a question, then dates and the network id.

Source: https://www.typeform.com/help/a/download-your-results-360052535931/ . An answer that was begun may be handed in
later under the same `#`, so the event has the latest of the row's times as its version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from shoal.ingest import events, values
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row, Source
from shoal.ingest.sources.cells import Cells, present, read
from shoal.ingest.sources.contacts import NAMES, identity
from shoal.ingest.sources.headers import by_columns
from shoal.ingest.sources.message_ids import event_id, facts

_META: Final = frozenset(
    {"#", "start date (utc)", "submit date (utc)", "stage date (utc)", "network id", "response type", "ending", "tags"}
)
_STARTED: Final = ("start date (utc)", "submit date (utc)")
_TIMES: Final = ("start date (utc)", "stage date (utc)", "submit date (utc)")
_EMAIL: Final = re.compile(r"\be-?mail\b", re.IGNORECASE)
_PHONE: Final = re.compile(r"\b(?:phone|mobile)\b", re.IGNORECASE)
_MARKUP: Final = re.compile(r"</?[a-z]+>|\*+|__", re.IGNORECASE)
_OWN_IDS: Final = {"user_id": None, "customer_id": None}  # hidden fields that forms are often given


def _answers(group: Sequence[Row], context: Context) -> Iterator[Record]:
    for row in group:
        cells = read(row, context)
        emails, phones = _columns(cells, _EMAIL), _columns(cells, _PHONE)
        keys, flaws = identity(cells, emails, _OWN_IDS, phones)
        answers = _said(cells, _META | set(emails) | set(phones) | set(_OWN_IDS))
        at = cells.required_at("submit date (utc)", "start date (utc)")
        known: dict[str, Json] = {NAMES[name]: said for name, said in answers.items() if name in NAMES}
        opinions = {_question(cells.names[name]): said for name, said in answers.items() if name not in NAMES}
        number = cells.text("#") or event_id(keys[0], events.SURVEY_ANSWERED, cells.unzoned().at(*_STARTED))
        yield Record(
            keys=keys,
            name=events.SURVEY_ANSWERED,
            at=at,
            message_id=number,
            properties=present(
                answers=opinions, started_at=cells.moment("start date (utc)"), response_id=cells.text("#")
            ),
            version=cells.latest(*_TIMES),
        )
        stated = {**known, **{f"answer: {question}": said for question, said in opinions.items()}, **flaws}
        yield from facts(keys, at, number, stated, ())


def _columns(cells: Cells, pattern: re.Pattern[str]) -> tuple[str, ...]:
    """The columns that ask for an address or number; the shortest question first ("Email" before a sentence)."""
    return tuple(sorted((name for name in cells.names if name not in _META and pattern.search(name)), key=len))


def _said(cells: Cells, left_out: set[str] | frozenset[str]) -> Mapping[str, Json]:
    asked = (name for name in cells.names if name not in left_out)
    said = {name: values.plain(cells.value(name)) for name in asked}
    return {name: value for name, value in said.items() if value is not None}


def _question(column: str) -> str:
    return " ".join(_MARKUP.sub("", column).split())


SOURCE = Source(
    name="typeform_answers",
    title="Typeform answers",
    recognise=by_columns({"#", "submit date (utc)", "network id"}, _META),
    map_rows=_answers,
)
