"""JSON lines in the Segment wire format: the web collector's events, and those of the other channels.

Source of the format: https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shoal.shop import channels, rates
from shoal.shop.catalogue import HOME, PAGES
from shoal.shop.channels import Touches
from shoal.shop.mail import AGENTS, DESKTOP, PHONE, READ, Mail
from shoal.shop.names import Names
from shoal.shop.people import DUPLICATE_KINDS
from shoal.shop.properties import touch_properties, web_properties
from shoal.shop.rates import DAY, Flags, Ints
from shoal.shop.simulate import Shop
from shoal.shop.text import Text, digits, iso, join, pick, when, write_lines
from shoal.shop.web import KINDS, LEFT, PAGE, Web

BROKEN_LINES = 3
CLOCKS_AHEAD = 12
AHEAD = 3 * DAY  # how far those clocks are ahead


def write_web(shop: Shop, names: Names, folder: Path) -> Path:
    """`web_events.jsonl`, in the order of time.

    With what happens to such files: a few events delivered twice, a few clocks days ahead, three lines cut short.
    """
    seen = shop.web
    rng = np.random.default_rng([shop.seed, 0xB4])
    twice = rng.random(len(seen)) < rates.REPEATED_EVENT
    old = seen.at < shop.calendar.until - 10 * DAY
    ahead = _some(rng, old & (seen.kind == LEFT) & (seen.page == HOME), CLOCKS_AHEAD)
    broken = _some(rng, seen.kind == PAGE, BROKEN_LINES)
    said = np.where(ahead, seen.at + AHEAD, seen.at)
    identified = first_known(shop)

    def lines(rows: slice) -> Text:
        part = seen.where(rows)
        line = _web_line(shop, names, part, said[rows], rows.start)
        person = _identify(shop, names, part)
        cut = join('{"type":"page","messageId":"cut-', digits(part.at), '","anonymousId":\n')
        return join(when(identified[rows], person), line, when(twice[rows], line), when(broken[rows], cut))

    file = folder / "web_events.jsonl"
    write_lines(file, len(seen), lines)
    return file


def _some(rng: np.random.Generator, which: Flags, count: int) -> Flags:
    """At most `count` of the flags."""
    result = np.zeros(len(which), np.bool_)
    result[rng.permutation(np.flatnonzero(which))[:count]] = True
    return result


def first_known(shop: Shop) -> Flags:
    """The first event of each person that carries their user id: the collector identifies them there."""
    seen = shop.web
    result = np.zeros(len(seen), np.bool_)
    known = np.flatnonzero(seen.known)
    result[known[np.unique(seen.person[known], return_index=True)[1]]] = True
    return result


def _web_line(shop: Shop, names: Names, part: Web, said: Ints, start: int) -> Text:
    page = part.kind == PAGE
    campaigns = [f',"campaign":{{"source":"klaviyo","medium":"email","name":"c{n + 1:03d}"}}'
                 for n in range(len(shop.calendar))]  # fmt: skip
    browser = names.browser_of(part.person, part.device)
    return join(
        when(page, '{"type":"page","name":"', '{"type":"track","event":"'),
        when(page, pick([title for _, title in PAGES], part.page), pick(KINDS, part.kind)),
        '","messageId":"web-',
        digits(np.arange(start, start + len(part)), 9),
        '","anonymousId":"anon-',
        browser,
        when(part.known, join('","userId":"', names.user.take(part.person))),
        '","timestamp":"',
        iso(said),
        '","sentAt":"',
        iso(part.at + 1_500),
        '","properties":',
        web_properties(part),
        ',"context":{"device":{"id":"dev-',
        browser,
        '"},"userAgent":"',
        pick([AGENTS[DESKTOP], AGENTS[PHONE]], part.device),
        '"',
        pick(campaigns, part.campaign),
        ',"page":{"path":"',
        pick([path for path, _ in PAGES], part.page),
        '"}}}\n',
    )


def _identify(shop: Shop, names: Names, part: Web) -> Text:
    """An identify call at the moment of each event. Who writes their address in capitals does so here."""
    capitals = shop.people.duplicate[part.person] == DUPLICATE_KINDS.index("case")
    return join(
        '{"type":"identify","messageId":"identify-',
        names.user.take(part.person),
        '","anonymousId":"anon-',
        names.browser_of(part.person, part.device),
        '","userId":"',
        names.user.take(part.person),
        '","timestamp":"',
        iso(part.at),
        '","sentAt":"',
        iso(part.at + 1_500),
        '","traits":{"email":"',
        names.email_of(part.person, capitals),
        '","firstName":"',
        names.given.take(part.person),
        '","lastName":"',
        names.family.take(part.person),
        '"},"context":{"device":{"id":"dev-',
        names.browser_of(part.person, part.device),
        '"}}}\n',
    )


def write_touches(shop: Shop, names: Names, folder: Path) -> Path:
    """`sms_and_ads.jsonl`: text messages, ads, app, social media, deals, and measured reading times."""
    found = shop.touches
    read = shop.mail.where(shop.mail.kind == READ)
    file = folder / "sms_and_ads.jsonl"
    write_lines(file, len(found), lambda rows: _touch_line(names, found.where(rows), rows.start))
    write_lines(file, len(read), lambda rows: _read_line(shop, names, read.where(rows), rows.start), append=True)
    return file


def _touch_line(names: Names, part: Touches, start: int) -> Text:
    """Text messages know a phone and an address, ads and social media a browser, app and CRM also a user id."""
    person = part.person
    text = np.isin(part.kind, [channels.SMS_SENT, channels.SMS_CLICKED, channels.SMS_REPLIED])
    web = np.isin(part.kind, [channels.AD, channels.SOCIAL])
    address = join('"traits":{"email":"', names.email.take(person), '"')
    phone = join(address, ',"phone":"', names.phone.take(person), '"}')
    who = when(
        text | web,
        join('"anonymousId":"', when(text, "sms-", "anon-"), names.first_browser.take(person), '"'),
        join('"userId":"', names.user.take(person), '"'),
    )
    context = when(text, phone, when(web, '"channel":"other"', join(address, "}")))
    return join(
        '{"type":"track","event":"',
        pick(channels.KINDS, part.kind),
        '","messageId":"touch-',
        digits(np.arange(start, start + len(part)), 9),
        '",',
        who,
        ',"timestamp":"',
        iso(part.at),
        '","sentAt":"',
        iso(part.at + 900),
        '","properties":',
        touch_properties(part),
        ',"context":{',
        context,
        "}}\n",
    )


def _read_line(shop: Shop, names: Names, part: Mail, start: int) -> Text:
    ids = shop.calendar.ids()
    return join(
        '{"type":"track","event":"Email Read","messageId":"read-',
        digits(np.arange(start, start + len(part)), 9),
        '","userId":"',
        names.user.take(part.person),
        '","timestamp":"',
        iso(part.at),
        '","sentAt":"',
        iso(part.at + 700),
        '","properties":{"campaign_id":"',
        pick(ids, part.campaign),
        '","seconds":',
        digits(part.detail),
        '},"context":{"traits":{"email":"',
        names.email_of(part.person, part.second),
        '"}}}\n',
    )
