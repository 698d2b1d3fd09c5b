"""Typeform's webhooks: the answers to a form, when it is handed in.

Sources: https://www.typeform.com/developers/webhooks/example-payload/ and …/webhooks/secure-your-webhooks/ (HMAC over
the body). The signature covers no time, and a delivery that was not answered is sent again under the same one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from shoal.ingest import events, values
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row, RowRejectedError, RowSkippedError
from shoal.ingest.sources.cells import present
from shoal.ingest.sources.contacts import NAMES, identity
from shoal.ingest.sources.mail import texts
from shoal.ingest.webhook import Delivery, Proof, Webhook
from shoal.ingest.webhooks.rows import cells_of, inner, listed, objects
from shoal.ingest.webhooks.signing import base64_hmac, content_proof, header, require_one

_OWN_IDS: Final = {"user_id": None, "customer_id": None}
_INSIDE: Final = {"choice": ("label", "other"), "choices": ("labels", "other"), "payment": ("amount",)}
"""Where the value of an answer stands inside, by the answer's type."""


def _verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    stated = header(delivery, "typeform-signature")
    made = base64_hmac(delivery.body)
    require_one([stated], secrets, lambda secret: b"sha256=" + made(secret))
    return content_proof(delivery.body)


def _map(row: Row, context: Context) -> Iterator[Record]:
    response = inner(row, "form_response")
    if row.get("event_type") != "form_response" or not response:
        raise RowSkippedError("unknown_event" if "event_type" in row else "not_an_event")
    hidden, answers = inner(response, "hidden"), listed(response, "answers")
    person = {kind: _first(answers, kind) for kind in ("email", "phone_number")}
    told = {name: response.get(name) for name in ("token", "submitted_at", "landed_at", "form_id")}
    cells = cells_of(context, {name: text for name, text in person.items() if text}, told, hidden)
    number = cells.text("token")
    if number is None:
        raise RowRejectedError("no_row_id", "The answers have no token.")
    keys, flaws = identity(cells, ("email",), _OWN_IDS, ("phone_number", "phone"))
    said = _said(response, answers)
    known = {NAMES[name.casefold()]: value for name, value in said.items() if name.casefold() in NAMES}
    opinions = {name: value for name, value in said.items() if name.casefold() not in NAMES}
    properties: dict[str, Json] = {
        **present(answers=opinions, started_at=cells.moment("landed_at"), hidden=values.plain(dict(hidden))),
        **present(score=values.number(inner(response, "calculated").get("score"))),
        **texts(cells, response_id="token", form_id="form_id"),
        **texts(cells_of(context, inner(response, "definition")), form_name="title"),
    }
    traits = {**known, **{f"answer: {name}": value for name, value in opinions.items()}, **flaws}
    yield Record(keys, events.SURVEY_ANSWERED, cells.required_at("submitted_at"), number, properties, traits)


def _first(answers: Sequence[Mapping[str, Any]], kind: str) -> object:
    """The first answer of a type that says who somebody is."""
    return next((each[kind] for each in answers if each.get("type") == kind and each.get(kind)), None)


def _said(response: Row, answers: Sequence[Mapping[str, Any]]) -> dict[str, Json]:
    """What was answered, by the question's title; addresses and numbers are keys."""
    titles = {each.get("id"): each.get("title") for each in listed(response, "definition", "fields") if _is_id(each)}
    found: dict[str, Json] = {}
    for answer in answers:
        kind, field = answer.get("type"), inner(answer, "field")
        title = titles.get(field.get("id")) if _is_id(field) else None
        name = title if isinstance(title, str) and title.strip() else field.get("ref")
        if isinstance(kind, str) and isinstance(name, str) and name.strip() and kind not in ("email", "phone_number"):
            value = _value(kind, answer.get(kind))
            if value is not None:
                found.setdefault(" ".join(name.split()), value)
    return found


def _is_id(field: Mapping[str, Any]) -> bool:
    return isinstance(field.get("id"), str)


def _value(kind: str, value: object) -> Json:
    for name in _INSIDE.get(kind, ()):
        inside = inner({"value": value}, "value").get(name)
        if inside is not None:
            return values.plain_json(inside)
    return None if kind in _INSIDE else values.plain_json(value)


WEBHOOK = Webhook(
    name="typeform",
    title="Typeform",
    scheme="HMAC-SHA256 over the body",
    secret="made here, or the secret of the webhook at Typeform",  # noqa: S106 - where it is
    verify=_verify,
    rows=objects,
    map_row=_map,
    makes_secret=True,
    is_resent_alike=True,
)
