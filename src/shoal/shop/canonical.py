"""The large form: canonical records straight to Parquet, part by part, for histories of millions of people.

The same simulation as the small form; only the writer differs. The columns are those of the importer's canonical
schema without `line`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shoal.core.time import Instant
from shoal.shop import channels, desk, web
from shoal.shop.catalogue import FORMATS, TOPICS
from shoal.shop.exports.email_platform import link_urls
from shoal.shop.mail import AGENTS, APPLE_PROXY, BOUNCED, CLICKED, NO_CAMPAIGN, OPENED, READ, SCANNER, Mail
from shoal.shop.names import Names, names
from shoal.shop.properties import members, order_properties, touch_properties, web_properties
from shoal.shop.rates import BOT_LINKS, DAY, Flags, Ints
from shoal.shop.simulate import UNTIL, Shop, simulate
from shoal.shop.text import BLOCK, Text, digits, join, pick, when

COLUMNS = pa.schema(
    [
        pa.field("message_id", pa.string(), nullable=False),
        pa.field("at", pa.timestamp("ms"), nullable=False),
        pa.field("name", pa.string()),
        pa.field("keys", pa.list_(pa.string()), nullable=False),
        pa.field("properties", pa.string()),
        pa.field("traits", pa.string()),
        pa.field("consent", pa.string()),
    ]
)
PART = 50_000  # people simulated at once
IDS_PER_PERSON = 10_000  # message numbers kept free for each person of an earlier part

MAIL_EVENTS = (
    "Email Delivered",
    "Email Opened",
    "Email Link Clicked",
    "Email Bounced",
    "Email Marked as Spam",
    "Unsubscribed",
    "Email Forwarded",
    "Email Read",
    "List Joined",
)
"""Canonical names in the order of `mail.KINDS`."""
CONSENTS = (
    None,
    None,
    None,
    None,
    '[{"channel":"email","state":"denied","method":"spam_complaint"}]',
    '[{"channel":"email","state":"denied"}]',
    None,
    None,
    None,
)


@dataclass(frozen=True, slots=True)
class Written:
    """What `write_canonical` made."""

    files: tuple[Path, ...]
    events: int  # rows that are events
    rows: int  # with those that only state facts


def write_canonical(
    folder: Path, subscribers: int = 1_000_000, days: int = 180, seed: int = 7, until: Instant = UNTIL
) -> Written:
    """Simulate and write one Parquet file for every 50,000 people, on all processors at once.

    The same arguments give the same files. Memory stays below 1.5 GB on two processors, whatever the size.
    """
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, subscribers, PART)

    def write(part: int) -> tuple[Path, int, int]:
        count = min(PART, subscribers - starts[part])
        shop = simulate(count, days, seed, until, part=part, first=starts[part])
        return _write_part(shop, folder / f"part-{part:05d}.parquet")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = list(pool.map(write, range(len(starts))))
    return Written(tuple(file for file, _, _ in done), sum(row[1] for row in done), sum(row[2] for row in done))


def _write_part(shop: Shop, file: Path) -> tuple[Path, int, int]:
    events, rows = 0, 0
    with pq.ParquetWriter(file, COLUMNS, compression="zstd", use_dictionary=["name", "consent"]) as writer:
        for batch in batches(shop):
            writer.write_batch(batch)
            rows += len(batch)
            events += len(batch) - batch.column("name").null_count
    return file, events, rows


def batches(shop: Shop) -> Iterator[pa.RecordBatch]:
    """All that the shop knows as canonical records, some 200,000 rows at a time."""
    texts = names(shop.people)
    yield from _blocks(len(shop.people), lambda rows: _people(shop, texts, rows))
    yield from _blocks(len(shop.mail), lambda rows: _mail(shop, texts, rows))
    yield from _blocks(len(shop.web), lambda rows: _web(shop, texts, rows))
    yield from _blocks(len(shop.touches), lambda rows: _touches(shop, texts, rows))
    yield from _orders(shop, texts)
    yield from _tickets(shop, texts)
    yield _answers(shop, texts)


def _blocks(count: int, batch: Callable[[slice], pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for begin in range(0, count, BLOCK):
        yield batch(slice(begin, min(begin + BLOCK, count)))


def _batch(
    shop: Shop,
    kind: str,
    number: Ints,
    at: Ints,
    *,
    name: Text | str | None,
    keys: pa.ListArray,
    properties: Text | None = None,
    traits: Text | None = None,
    consent: Text | None = None,
) -> pa.RecordBatch:
    """Records of one family; `number` is unique in the family and part, `kind` a letter that names the family."""
    count = len(at)
    blank = pa.nulls(count, pa.string())
    named = pa.repeat(pa.scalar(name, pa.string()), count) if name is None or isinstance(name, str) else name
    ids = join(kind, digits(shop.people.first * IDS_PER_PERSON + number))
    columns = [
        ids,
        pa.array(at).cast(pa.timestamp("ms")),
        named,
        keys,
        blank if properties is None else properties,
        blank if traits is None else traits,
        blank if consent is None else consent,
    ]
    return pa.RecordBatch.from_arrays(columns, schema=COLUMNS)


def _one_key(prefix: str, text: Text) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(np.arange(len(text) + 1, dtype=np.int32)), join(prefix, text))


def _keys(*columns: Text) -> pa.ListArray:
    """One list a row of the texts that are not null, in the order of the columns."""
    count, width = len(columns[0]), len(columns)
    there = np.stack([column.is_valid().to_numpy(zero_copy_only=False) for column in columns], axis=1)
    order = (np.arange(width) * count + np.arange(count)[:, None])[there]
    offsets = np.append(0, np.cumsum(there.sum(axis=1))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.concat_arrays(columns).take(pa.array(order)))


def _email(texts: Names, person: Ints, second: Flags) -> Text:
    return pc.utf8_lower(texts.email_of(person, second))


def _people(shop: Shop, texts: Names, rows: slice) -> pa.RecordBatch:
    """Who each person is: one record that links their keys and states traits and consent."""
    people = shop.people
    person = np.arange(len(people))[rows]
    place = pa.array(person)
    joined = shop.calendar.start + (people.joined[person].astype(np.float64) * DAY).astype(np.int64)
    traits = join(
        *('{"first_name":"', texts.given.take(place), '","last_name":"', texts.family.take(place)),
        *('","country":"', texts.country.take(place), '","city":"', texts.city.take(place)),
        *('","lead_score":', digits(np.round(shop.lead_score[person]).astype(np.int64)), "}"),
    )
    email = people.email_consent[person].astype(np.int64)
    sms = people.sms_consent[person].astype(np.int64)
    states = [f'[{{"channel":"email","state":"{mail}"}},{{"channel":"sms","state":"{text}"}}]'
              for mail in ("denied", "granted") for text in ("denied", "granted")]  # fmt: skip
    return _batch(
        shop,
        "p",
        person,
        joined,
        name=None,
        keys=_keys(
            join("user:", texts.user.take(place)),
            join("email:", texts.email.take(place)),
            join("phone:", texts.phone.take(place)),
        ),
        traits=traits,
        consent=pick(states, email * 2 + sms),
    )


def _mail(shop: Shop, texts: Names, rows: slice) -> pa.RecordBatch:
    sent = shop.mail.where(rows)
    return _batch(
        shop,
        "m",
        np.arange(rows.start, rows.stop),
        sent.at,
        name=pick(MAIL_EVENTS, sent.kind),
        keys=_one_key("email:", _email(texts, sent.person, sent.second)),
        properties=_mail_properties(shop, sent),
        consent=pick(CONSENTS, sent.kind),
    )


def _mail_properties(shop: Shop, sent: Mail) -> Text:
    """Campaign and subject, then what the kind adds: link, user agent, bounce type, seconds."""
    calendar = shop.calendar
    rows = zip(calendar.ids(), calendar.names(), calendar.subjects(), strict=True)
    campaigns = [members({"campaign_id": one, "campaign_name": two, "subject": three}) for one, two, three in rows]
    campaign = np.where(sent.campaign == NO_CAMPAIGN, len(campaigns), sent.campaign)
    links = ["," + members({"link_url": url}) for url in link_urls(shop)]
    link = np.where((sent.kind == CLICKED) & (sent.link >= 0), sent.campaign * BOT_LINKS + sent.link, -1)
    agents = ["," + members({"user_agent": agent} | ({"machine": True} if place in (APPLE_PROXY, SCANNER) else {}))
              for place, agent in enumerate(AGENTS)]  # fmt: skip
    agent = np.where((sent.kind == OPENED) | (sent.kind == CLICKED), sent.agent, -1)
    bounce = np.where(sent.kind == BOUNCED, sent.detail, -1)
    return join(
        "{",
        pick([*campaigns, members({"list": "newsletter"})], campaign),
        pick(links, link),
        pick(agents, agent),
        pick([',"bounce_type":"Soft"', ',"bounce_type":"Hard"'], bounce),
        when(sent.kind == READ, join(',"seconds":', digits(sent.detail))),
        "}",
    )


def _web(shop: Shop, texts: Names, rows: slice) -> pa.RecordBatch:
    seen = shop.web.where(rows)
    user = when(seen.known, join("user:", texts.user.take(pa.array(seen.person))))
    return _batch(
        shop,
        "w",
        np.arange(rows.start, rows.stop),
        seen.at,
        name=pick(web.KINDS, seen.kind),
        keys=_keys(user, join("anonymous:anon-", texts.browser_of(seen.person, seen.device))),
        properties=web_properties(seen),
    )


def _touches(shop: Shop, texts: Names, rows: slice) -> pa.RecordBatch:
    found = shop.touches.where(rows)
    place = pa.array(found.person)
    text = np.isin(found.kind, [channels.SMS_SENT, channels.SMS_CLICKED, channels.SMS_REPLIED])
    anonymous = np.isin(found.kind, [channels.AD, channels.SOCIAL])
    key = when(
        text,
        join("phone:", texts.phone.take(place)),
        when(
            anonymous,
            join("anonymous:anon-", texts.first_browser.take(place)),
            join("user:", texts.user.take(place)),
        ),
    )
    return _batch(
        shop,
        "t",
        np.arange(rows.start, rows.stop),
        found.at,
        name=pick(channels.KINDS, found.kind),
        keys=_one_key("", key),
        properties=touch_properties(found),
    )


def _orders(shop: Shop, texts: Names) -> Iterator[pa.RecordBatch]:
    """Completed, then those refunded, then those cancelled."""
    bought = shop.orders
    every = np.arange(len(bought))
    properties = order_properties(bought)
    emails = _email(texts, bought.person, bought.second)
    stages = (
        ("o", "Order Completed", every, bought.at),
        ("r", "Order Refunded", every[bought.refunded_at > 0], bought.refunded_at),
        ("c", "Order Cancelled", every[bought.cancelled_at > 0], bought.cancelled_at),
    )
    for kind, name, order, at in stages:
        place = pa.array(order)
        yield _batch(
            shop,
            kind,
            order,
            at[order],
            name=name,
            keys=_one_key("email:", emails.take(place)),
            properties=properties.take(place),
        )


def _tickets(shop: Shop, texts: Names) -> Iterator[pa.RecordBatch]:
    asked = shop.tickets
    every = np.arange(len(asked))
    emails = _email(texts, asked.person, asked.second)
    properties = join(
        *('{"subject":"', pick(desk.SUBJECTS, asked.subject), '","priority":"', pick(desk.PRIORITIES, asked.priority)),
        *('","satisfaction":"', pick(desk.SCORES, asked.score), '","channel":"', pick(desk.ROUTES, asked.route), '"}'),
    )
    stages = (
        ("q", "Ticket Created", every, asked.at),
        ("s", "Ticket Solved", every[asked.solved_at > 0], asked.solved_at),
    )
    for kind, name, ticket, at in stages:
        place = pa.array(ticket)
        keys = _one_key("email:", emails.take(place))
        yield _batch(shop, kind, ticket, at[ticket], name=name, keys=keys, properties=properties.take(place))


def _answers(shop: Shop, texts: Names) -> pa.RecordBatch:
    """What people said, as an event and as traits."""
    said = shop.answers
    answers = join(
        *('{"topic":"', pick(TOPICS, said.topic), '","format":"', pick(FORMATS, said.format)),
        *('","frequency":"', pick(desk.MAIL_WISHES, said.wish), '"}'),
    )
    return _batch(
        shop,
        "a",
        np.arange(len(said)),
        said.at,
        name="Survey Answered",
        keys=_one_key("email:", pc.utf8_lower(texts.email.take(pa.array(said.person)))),
        properties=join('{"answers":', answers, "}"),
        traits=answers,
    )
