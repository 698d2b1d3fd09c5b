"""The e-mail platform's exports: its activity log and its profiles with consent, as Klaviyo writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shoal.shop import rates
from shoal.shop.catalogue import PAGES, SITE, SWAPPED
from shoal.shop.mail import (
    AGENTS,
    BOUNCED,
    CLICKED,
    COMPLAINED,
    MACHINES,
    OPENED,
    SUBSCRIBED,
    UNSUBSCRIBED,
    Mail,
)
from shoal.shop.names import Names
from shoal.shop.people import DUPLICATE_KINDS
from shoal.shop.rates import DAY, Flags, Ints
from shoal.shop.simulate import Shop
from shoal.shop.text import Text, csv_lines, csv_words, digits, iso, join, pick, seconds, when, write_lines

_EVENT_HEADER = (
    "Event ID,Timestamp,Event,Profile ID,Email,Campaign Name,Campaign ID,Subject,URL,User Agent,IP,Bounce Type"
)
EVENT_HEADER = tuple(_EVENT_HEADER.split(","))
EVENTS = (
    "Received Email",
    "Opened Email",
    "Clicked Email",
    "Bounced Email",
    "Marked Email as Spam",
    "Unsubscribed",
    "Email Forwarded",
    "Read Email",
    "Subscribed to List",
)
"""The platform's names, in the order of `mail.KINDS`."""
PROFILE_HEADER = (
    "Email",
    "First Name",
    "Email Marketing Consent",
    "Email Marketing Consent Timestamp",
    "SMS Marketing Consent",
    "Email Suppressions",
    "Country",
    "Klaviyo ID",
)
READ = EVENTS.index("Read Email")


def write_events(shop: Shop, names: Names, folder: Path) -> Path:
    """`email_events.csv`, in the order of time. Reading times are not in it: another tool measures them."""
    sent = shop.mail.where(shop.mail.kind != READ)
    file = folder / "email_events.csv"
    blank = np.random.default_rng([shop.seed, 0xB1]).random(len(sent)) < rates.BLANK_EMAIL
    columns = _EventColumns(shop, names)
    write_lines(file, len(sent), lambda rows: columns.lines(sent.where(rows), blank[rows], rows.start), EVENT_HEADER)
    return file


class _EventColumns:
    """The texts that all blocks of the activity log share."""

    def __init__(self, shop: Shop, names: Names) -> None:
        calendar = shop.calendar
        self.shop = shop
        self.names = names
        self.campaigns = csv_words(calendar.names())
        self.ids = calendar.ids()
        self.subjects = csv_words(calendar.subjects())
        self.links = link_urls(shop)
        self.agents = [text or None for text in csv_words(AGENTS)]

    def lines(self, sent: Mail, blank: Flags, start: int) -> Text:
        """The lines of one block of events, numbered from `start`."""
        number = np.arange(start, start + len(sent))
        link = np.where(sent.link >= 0, sent.campaign * rates.BOT_LINKS + sent.link, -1)
        bounce = np.where(sent.kind == BOUNCED, sent.detail, -1)
        active = np.isin(sent.kind, [OPENED, CLICKED, UNSUBSCRIBED, SUBSCRIBED])
        person = self.shop.people.first + sent.person
        return csv_lines(
            [
                join("evt", digits(number, 10)),
                iso(sent.at),
                pick(EVENTS, sent.kind),
                _profile_of(self.names, sent),
                when(~blank, self.names.email_of(sent.person, sent.second)),
                pick(self.campaigns, sent.campaign),
                pick(self.ids, sent.campaign),
                pick(self.subjects, sent.campaign),
                pick(self.links, link),
                pick(self.agents, sent.agent),
                when(active, _address(sent, person)),
                pick(["Soft", "Hard"], bounce),
            ]
        )


def link_urls(shop: Shop) -> list[str]:
    """Addresses behind the links of all campaigns, five a campaign, tagged so that visits can be traced."""
    return [
        f"{SITE}{PAGES[page][0]}?utm_source=klaviyo&utm_medium=email&utm_campaign=c{place // rates.BOT_LINKS + 1:03d}"
        for place, page in enumerate(shop.calendar.links())
    ]


def _profile_of(names: Names, sent: Mail) -> Text:
    first = names.platform.take(sent.person)
    return when(sent.second, names.second_platform.take(sent.person), first)


def _address(sent: Mail, person: Ints) -> Text:
    """An address of the ranges kept for documentation (RFC 5737); machines have a few of their own."""
    machine = np.isin(sent.agent, MACHINES)
    host = np.where(machine, person % 8, 8 + person % 240)
    net = np.where(machine, 0, 1 + person // 240 % 2)
    return join(pick(["192.0.2.", "198.51.100.", "203.0.113."], net), digits(host))


def write_profiles(shop: Shop, names: Names, folder: Path) -> Path:
    """`email_profiles.csv`: one row a subscribed address, so some people have two."""
    people, sent = shop.people, shop.mail
    left = _last(sent, UNSUBSCRIBED, len(people))
    spam = _last(sent, COMPLAINED, len(people))
    bounced = _last(sent.where((sent.kind != BOUNCED) | (sent.detail == 1)), BOUNCED, len(people))
    joined = shop.calendar.start + (people.joined.astype(np.float64) * DAY).astype(np.int64)
    state = np.select([~people.email_consent, left > 0], [2, 1], 0)
    suppressed = np.select([bounced > 0, spam > 0], [1, 2], 0)
    twice = np.isin(people.duplicate, [DUPLICATE_KINDS.index("tag"), DUPLICATE_KINDS.index("second")])
    person = np.concatenate([np.arange(len(people)), np.flatnonzero(twice)])
    second = np.arange(len(person)) >= len(people)
    rng = np.random.default_rng([shop.seed, 0xB2])
    unnamed = rng.random(len(person)) < rates.MISSING_NAME
    no_country = rng.random(len(person)) < rates.MISSING_COUNTRY
    swapped = rng.random(len(person)) < rates.SWAPPED_COUNTRY

    def lines(rows: slice) -> Text:
        who, other = person[rows], second[rows]
        return csv_lines(
            [
                names.email_of(who, other),
                when(~unnamed[rows], names.given.take(who)),
                pick(["SUBSCRIBED", "UNSUBSCRIBED", "NEVER_SUBSCRIBED"], state[who]),
                seconds(np.where(state[who] == 1, left[who], np.where(state[who] == 0, joined[who], 0))),
                pick(["NEVER_SUBSCRIBED", "SUBSCRIBED"], people.sms_consent[who].astype(np.int8)),
                pick([None, "HARD_BOUNCE", "SPAM_COMPLAINT"], suppressed[who]),
                when(
                    ~no_country[rows], when(swapped[rows], pick(SWAPPED, people.country[who]), names.country.take(who))
                ),
                when(other, names.second_platform.take(who), names.platform.take(who)),
            ]
        )

    file = folder / "email_profiles.csv"
    write_lines(file, len(person), lines, PROFILE_HEADER)
    return file


def _last(sent: Mail, kind: int, size: int) -> Ints:
    """Instant of each person's last event of a kind; 0 where there is none."""
    result = np.zeros(size, np.int64)
    which = sent.kind == kind
    np.maximum.at(result, sent.person[which], sent.at[which])
    return result
