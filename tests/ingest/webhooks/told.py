"""What a delivery becomes, a line a record, so that a table can state it."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

from shoal.core.time import parse_instant
from shoal.ingest.formats.packed import FilePart
from shoal.ingest.parse import parse
from shoal.ingest.recognise import named_source
from shoal.ingest.source import Context
from shoal.ingest.webhook import Delivery, read
from shoal.ingest.webhooks import WEBHOOKS

ARRIVED = parse_instant("2026-11-23T12:00:00Z")
_SHOWN = ("bounce_type", "machine", "order_id", "total", "subscription_id")


def told(vendor: str, headers: dict[str, str], body: bytes) -> list[str]:
    """Lines such as "Email Bounced of email: bounce_type=hard", "skipped: reason" and "refused: reason"."""
    received = read(WEBHOOKS[vendor], Delivery(body, headers, "", ARRIVED), Context(received_at=ARRIVED))
    lines = [_line(record) for record in received.taken.records.to_pylist()]
    lines += [f"skipped: {reason}" for reason, rows in received.skipped.items() for _ in range(rows)]
    return lines + [f"refused: {letter.reason}" for letter in received.taken.letters]


def stored(file: Path, source: str) -> list[str]:
    """The same of what a file becomes."""
    chunks = list(parse(FilePart(file), named_source(source), Context(received_at=ARRIVED)))
    assert not any(chunk.rejects or chunk.skipped for chunk in chunks)
    return [_line(record) for chunk in chunks for record in chunk.records.to_pylist()]


def _line(record) -> str:
    kinds = " ".join(key.partition(":")[0] for key in record["keys"])
    properties = json.loads(record["properties"] or "{}")
    link = properties.get("link_url")
    said = [f"link={urlsplit(link).netloc}"] if link else []
    said += [f"{name}={properties[name]}" for name in _SHOWN if name in properties]
    traits = json.loads(record["traits"] or "{}")
    said += [f"{len(traits)} traits"] if traits else []
    for consent in json.loads(record["consent"] or "[]"):
        said.append(" ".join([consent["channel"], consent["state"], consent.get("method", "")]).strip())
    return f"{record['name'] or 'facts'} of {kinds}" + (f": {', '.join(said)}" if said else "")
