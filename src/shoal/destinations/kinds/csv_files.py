"""Members as CSV files in a folder: all of them once, from then on who came and who left."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import msgspec

from shoal.core.disk import make_folder
from shoal.core.errors import UserError
from shoal.core.failures import replacing, writing
from shoal.core.spreadsheets import harmless
from shoal.destinations.addresses import Rules
from shoal.destinations.kind import DELIVERED, Field, Kind, Outcome, Sending, bad, check_every, settings_as
from shoal.destinations.membership import packed

_PART = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,59}"
_MOST_NAME = 100


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an owner chooses."""

    folder: Annotated[str, msgspec.Meta(pattern=rf"^{_PART}(/{_PART}){{0,5}}\Z")] | None = None  # None: its own name
    fields: Annotated[tuple[Field, ...], msgspec.Meta(min_length=1)] = ("subscriber", "user_id", "email")
    every: str = "1h"  # between two syncs
    mailable: bool = False  # only who may be mailed


def file_name(batch: str, segment: str, action: str) -> str:
    """What a file is called: in the order of its making, and with a name that every system takes.

    >>> file_name("3-00000012", "at/risk", "add")
    '3-00000012-at%2Frisk-added.csv'
    """
    name = quote(segment, safe=" ")
    if len(name) > _MOST_NAME:
        name = f"{name[:_MOST_NAME]}-{hashlib.sha256(segment.encode()).hexdigest()[:8]}"
    return f"{batch}-{name}-{_WORDS[action]}.csv"


_WORDS = {"full": "full", "add": "added", "remove": "removed"}


def _check(given: Mapping[str, Any], _: Rules) -> dict[str, Any]:
    settings = settings_as(Settings, given)
    if len(set(settings.fields)) < len(settings.fields):
        raise bad("A field is named twice.", "settings.fields")
    check_every(settings.every)
    found: dict[str, Any] = msgspec.to_builtins(settings)
    return found


def _send(sending: Sending) -> Outcome:
    batch = sending.batch
    try:
        place = _folder(sending) / file_name(batch.id, batch.segment, batch.action)
        with replacing(place) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            rows = packed(batch.content)
            writer = csv.writer(file)
            writer.writerow(rows.column_names)
            for some in rows.to_batches(10_000):
                columns = [column.to_pylist() for column in some.columns]
                writer.writerows(map(harmless, cells) for cells in zip(*columns, strict=True))
    except UserError as error:
        return Outcome(error.code)
    return Outcome(DELIVERED)


def _test(sending: Sending) -> Outcome:
    """Whether a file can be put there; it is taken away again."""
    try:
        place = _folder(sending) / ".test"
        with writing(place):
            place.write_text("")
            place.unlink()
    except UserError as error:
        return Outcome(error.code)
    return Outcome(DELIVERED)


def _folder(sending: Sending) -> Path:
    """Where the files go; made where it is not there, and never outside of the workspace. Raises UserError."""
    folder = sending.folder / (sending.settings["folder"] or sending.name)
    with writing(folder):
        make_folder(folder, 0o700)
        inside = folder.resolve().is_relative_to(sending.folder.resolve())
    if not inside:
        raise UserError("outside_of_workspace", "The folder leads elsewhere.", fix="Put no link in its place.")
    return folder


KIND = Kind(
    name="csv",
    follows="members",
    credential="none",
    begins_full=True,
    check=_check,
    fields=lambda settings: tuple(settings["fields"]),
    most=lambda _: None,
    send=_send,
    test=_test,
)
