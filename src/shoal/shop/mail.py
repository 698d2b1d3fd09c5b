"""What happens to each campaign: delivered, opened by people and machines, clicked, left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoal.shop import rates
from shoal.shop.catalogue import Calendar
from shoal.shop.people import DUPLICATE_KINDS, NEAR_MISSES, People
from shoal.shop.rates import DAY, HOUR, MINUTE, PERSONAS, SECOND, TREATMENTS, Codes, Flags, Floats, Ints, Rows

KINDS = ("delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "forwarded", "read", "subscribed")
DELIVERED, OPENED, CLICKED, BOUNCED, COMPLAINED, UNSUBSCRIBED, FORWARDED, READ, SUBSCRIBED = range(len(KINDS))

AGENTS = (
    "",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Mozilla/5.0",
    "BarracudaSentinel (EE)",
    "Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.0.0 Safari/537.36",
)
"""User agents. 4 is what Apple's mail privacy proxy sends; 5 and 6 are scanners, the second one in disguise."""
NO_AGENT, DESKTOP, PHONE, IMAGE_PROXY, APPLE_PROXY, SCANNER, SCANNER_IN_DISGUISE = range(len(AGENTS))
MACHINES = (APPLE_PROXY, SCANNER, SCANNER_IN_DISGUISE)

NO_CAMPAIGN = -1


@dataclass(frozen=True, slots=True)
class Mail:
    """E-mail events; one entry an event in every array, in the order of time."""

    person: Ints  # place in People
    at: Ints  # instant
    kind: Codes  # place in KINDS
    campaign: Ints  # place in Calendar; NO_CAMPAIGN where there is none
    link: Codes  # which of the campaign's five links; -1 where none
    agent: Codes  # place in AGENTS
    detail: Ints  # bounced: 1 hard, 0 soft; read: seconds; else 0
    second: Flags  # under the person's second identity

    def __len__(self) -> int:
        return len(self.at)

    @property
    def by_machine(self) -> Flags:
        """Opens and clicks that no person made."""
        return np.isin(self.agent, MACHINES)

    def where(self, mask: Rows) -> Mail:
        """The events of a mask or a slice, or in an order."""
        return Mail(*(getattr(self, name)[mask] for name in self.__slots__))


def mail(people: People, calendar: Calendar, rng: np.random.Generator) -> Mail:
    """Send every campaign and watch. Events after the end of the window are not there yet."""
    sent_day = ((calendar.at - calendar.start) / DAY).astype(np.float32)[None, :]
    activity = people.course.at(sent_day, np.arange(len(people))[:, None])
    received = _received(people, calendar, sent_day, rng)
    lost = _leaving(people, calendar, activity, received, rng)
    received &= ~_after_first(lost >= 0)
    person, campaign = np.nonzero(received)
    cell = (person, campaign)
    chance = _open_chance(people, calendar)[cell] * np.minimum(activity[cell], 1.2)
    opened = rng.random(len(person), dtype=np.float32) < chance
    opened = _plant_c(people, calendar, person, campaign, opened)
    delivered_at = calendar.at[campaign] + rng.integers(10 * SECOND, 15 * MINUTE, len(person))
    cells = _Cells(
        people, calendar, person, campaign, delivered_at, opened, lost[cell], _second(people, campaign, rng, person)
    )
    parts = [_deliveries(cells), *_human(cells, rng), *_machine(cells, rng), _subscribed(people, calendar, rng)]
    return _joined(parts, calendar)


@dataclass(frozen=True, slots=True)
class _Cells:
    """One entry a mail that was sent."""

    people: People
    calendar: Calendar
    person: Ints
    campaign: Ints
    at: Ints  # delivered
    opened: Flags  # by the person
    lost: Codes  # kind that ends the relation with this mail, or -1
    second: Flags

    def events(self, which: Flags | Ints, kind: int, at: Ints, agent: Codes | int = 0, **more: object) -> Mail:
        """Events of these mails."""
        place = np.flatnonzero(which) if which.dtype == np.bool_ else which
        count = len(place)
        return Mail(
            person=self.person[place],
            at=at,
            kind=np.full(count, kind, np.int8),
            campaign=self.campaign[place],
            link=np.broadcast_to(np.asarray(more.get("link", -1), np.int8), count),
            agent=np.broadcast_to(np.asarray(agent, np.int8), count),
            detail=np.broadcast_to(np.asarray(more.get("detail", 0), np.int64), count),
            second=self.second[place],
        )


def _received(people: People, calendar: Calendar, sent_day: Floats, rng: np.random.Generator) -> Flags:
    """Who is in which audience; an experiment's audience is a fair coin among those on the list."""
    chance = people.rate("mail")[:, None]
    chance = np.where(calendar.experiment[None, :], rates.EXPERIMENT_AUDIENCE, chance)
    last_months = (calendar.days - sent_day) < 61
    always = (people.near_miss == NEAR_MISSES.index("c_fell_too_little"))[:, None] & last_months
    drawn = rng.random((len(people), len(calendar)), dtype=np.float32) < chance
    listed = people.email_consent[:, None] & (people.joined[:, None] <= sent_day)
    received: Flags = (drawn | always) & listed
    return received


def _leaving(people: People, calendar: Calendar, activity: Floats, received: Flags, rng: np.random.Generator) -> Codes:
    """For each mail the kind of event that would end the relation, or -1."""
    win_back = (calendar.treatment == TREATMENTS.index("win_back"))[None, :]
    quiet = (people.persona == [entry.name for entry in PERSONAS].index("quiet"))[:, None]
    unsubscribe = np.where(activity < 0.3, 4 * rates.UNSUBSCRIBE, rates.UNSUBSCRIBE) + rates.SLEEPING_DOG * (
        quiet & win_back
    )
    planted = (people.near_miss > 0)[:, None]
    bad_address = (rng.random(len(people)) < rates.HARD_BOUNCE)[:, None]
    drawn = rng.random(received.shape, dtype=np.float32)
    kind = np.where(drawn < rates.COMPLAINT, COMPLAINED, -1)
    kind = np.where((drawn >= rates.COMPLAINT) & (drawn < rates.COMPLAINT + unsubscribe), UNSUBSCRIBED, kind)
    return np.where(received & ~planted, np.where(bad_address, BOUNCED, kind), -1).astype(np.int8)


def _after_first(ends: Flags) -> Flags:
    """The columns after the first true one of each row."""
    later: Flags = (np.cumsum(ends, axis=1, dtype=np.int16) - ends) > 0
    return later


def _open_chance(people: People, calendar: Calendar) -> Floats:
    """Chance that the person opens, at activity 1: style, and the hour of sending in their zone."""
    style = np.where(people.style[:, None] == calendar.style[None, :], rates.STYLE_MATCH, rates.STYLE_MISS)
    local = (calendar.at // HOUR % 24)[None, :] + people.zone[:, None]
    apart = np.abs((local - people.hour[:, None] + 12) % 24 - 12)
    hour = np.where(apart <= 2, rates.HOUR_MATCH, rates.HOUR_MISS)
    keen = np.where(people.near_miss == NEAR_MISSES.index("b_bought_long_ago"), 1.5, people.lively)
    own = (people.rate("opens") * keen)[:, None]
    return np.minimum(own * style * hour, 0.97).astype(np.float32)


def _plant_c(people: People, calendar: Calendar, person: Ints, campaign: Ints, opened: Flags) -> Flags:
    """People who just miss segment C open 5 mails of the earlier month and 3 of the last one."""
    age = (calendar.until - calendar.at[campaign]) / DAY
    planted = np.flatnonzero((people.near_miss[person] == NEAR_MISSES.index("c_fell_too_little")) & (age <= 61))
    month = np.select([age < 29, (age > 31) & (age < 59)], [0, 1], 2)[planted]  # 2: too near an edge, not opened
    group = person[planted] * 3 + month
    order = np.argsort(group, kind="stable")
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - np.searchsorted(group[order], group[order])
    result = opened.copy()
    result[planted] = rank < np.array([3, 5, 0])[month]
    return result


def _second(people: People, campaign: Ints, rng: np.random.Generator, person: Ints) -> Flags:
    """Which mails go to a second address on the same list (+tag and second addresses subscribe twice)."""
    kinds = [DUPLICATE_KINDS.index("tag"), DUPLICATE_KINDS.index("second")]
    twice = np.isin(people.duplicate, kinds)[person]
    return twice & (rng.random(len(campaign)) < 0.3)


def _deliveries(cells: _Cells) -> Mail:
    hard = cells.lost == BOUNCED
    return cells.events(~hard, DELIVERED, cells.at[~hard])


def _human(cells: _Cells, rng: np.random.Generator) -> list[Mail]:
    """Opens, clicks, reading, forwards and endings by people.

    Where Apple's proxy has fetched the images, a person's own open reaches nobody.
    """
    people, calendar = cells.people, cells.calendar
    hard = cells.lost == BOUNCED
    opened = np.flatnonzero(cells.opened & ~hard)
    at = cells.at[opened] + _delay(people, cells.person[opened], cells.at[opened], rng)
    seen = ~people.is_apple[cells.person[opened]]
    agent = _own_agent(people, cells.person[opened], rng)
    again = seen & (rng.random(len(opened)) < rates.REOPEN) & (people.near_miss[cells.person[opened]] == 0)
    chance = _click_chance(people, calendar, cells.person[opened], cells.campaign[opened])
    clicked = rng.random(len(opened), dtype=np.float32) < chance
    twice = clicked & (rng.random(len(opened)) < rates.SECOND_CLICK)
    link = rng.choice(np.array([0, 1, 2, 3], np.int8), len(opened), p=[0.62, 0.18, 0.14, 0.06])
    click_at = at + rng.integers(8 * SECOND, 4 * MINUTE, len(opened))
    browser = np.where(agent == IMAGE_PROXY, DESKTOP, agent).astype(np.int8)
    ends = np.flatnonzero((cells.lost == UNSUBSCRIBED) | (cells.lost == COMPLAINED) | hard)
    soft = ~hard & (rng.random(len(hard)) < rates.SOFT_BOUNCE)
    read = rng.random(len(opened)) < rates.READING_REPORT
    forward = rng.random(len(opened)) < rates.FORWARD
    pause = rng.integers(2 * HOUR, 40 * HOUR, len(opened))
    seconds = np.clip(rng.lognormal(2.2, 0.8, len(opened)), 1, 600).astype(np.int64)
    ending = cells.events(
        ends, UNSUBSCRIBED, cells.at[ends] + np.where(hard[ends], 0, rng.integers(MINUTE, 8 * HOUR, len(ends)))
    )
    return [
        cells.events(opened[seen], OPENED, at[seen], agent[seen]),
        cells.events(opened[again], OPENED, (at + pause)[again], agent[again]),
        cells.events(opened[clicked], CLICKED, click_at[clicked], browser[clicked], link=link[clicked]),
        cells.events(opened[twice], CLICKED, click_at[twice] + 90 * SECOND, browser[twice], link=(link[twice] + 1) % 3),
        cells.events(opened[read & seen], READ, at[read & seen] + SECOND, detail=seconds[read & seen]),
        cells.events(opened[forward], FORWARDED, at[forward] + MINUTE),
        _with_kind(ending, cells.lost[ends], hard[ends]),
        cells.events(soft, BOUNCED, cells.at[soft]),
    ]


def _with_kind(events: Mail, kind: Codes, hard: Flags) -> Mail:
    return Mail(
        events.person,
        events.at,
        kind,
        events.campaign,
        events.link,
        events.agent,
        hard.astype(np.int64),
        events.second,
    )


def _delay(people: People, person: Ints, delivered: Ints, rng: np.random.Generator) -> Ints:
    """Time from delivery to reading: mostly the person's own hour, else soon."""
    local = delivered / HOUR + people.zone[person]
    wait = (people.hour[person] + rng.normal(0.5, 0.6, len(person)) - local) % 24
    soon = rng.exponential(1.5, len(person))
    hours = np.where(rng.random(len(person)) < 0.6, wait, soon)
    return (hours * HOUR).astype(np.int64) + 40 * SECOND


def _own_agent(people: People, person: Ints, rng: np.random.Generator) -> Codes:
    own = np.where(rng.random(len(person)) < 0.5, PHONE, DESKTOP)
    return np.where(people.is_gmail[person], IMAGE_PROXY, own).astype(np.int8)


def _click_chance(people: People, calendar: Calendar, person: Ints, campaign: Ints) -> Floats:
    topic = np.where(people.topic[person] == calendar.topic[campaign], rates.TOPIC_MATCH, rates.TOPIC_MISS)
    shape = np.where(people.format[person] == calendar.format[campaign], rates.FORMAT_MATCH, rates.FORMAT_MISS)
    planted = people.near_miss[person] == NEAR_MISSES.index("b_bought_long_ago")
    chance = np.where(planted, rates.PLANTED_CLICKS, people.rate("clicks")[person] * topic * shape)
    return np.minimum(chance, 0.95).astype(np.float32)


def _machine(cells: _Cells, rng: np.random.Generator) -> list[Mail]:
    """Apple's proxy opens within minutes; a scanner opens and follows every link within seconds."""
    people = cells.people
    there = cells.lost != BOUNCED
    apple = np.flatnonzero(people.is_apple[cells.person] & there)
    bot = np.flatnonzero(people.is_bot[cells.person] & there)
    agent = np.where(people.domain[cells.person[bot]] % 2 == 0, SCANNER, SCANNER_IN_DISGUISE).astype(np.int8)
    first = cells.at[bot] + rng.integers(500, 4 * SECOND, len(bot))
    links = np.arange(rates.BOT_LINKS)
    follow = first[:, None] + 200 + (links * 300 + rng.integers(0, 250, (len(bot), rates.BOT_LINKS)))
    return [
        cells.events(apple, OPENED, cells.at[apple] + rng.integers(20 * SECOND, 9 * MINUTE, len(apple)), APPLE_PROXY),
        cells.events(bot, OPENED, first, agent),
        cells.events(
            np.repeat(bot, rates.BOT_LINKS),
            CLICKED,
            follow.ravel(),
            np.repeat(agent, rates.BOT_LINKS),
            link=np.tile(links, len(bot)),
        ),
    ]


def _subscribed(people: People, calendar: Calendar, rng: np.random.Generator) -> Mail:
    """People who joined during the window, at that moment."""
    who = np.flatnonzero((people.joined >= 0) & people.email_consent)
    count = len(who)
    return Mail(
        person=who,
        at=calendar.start + (people.joined[who] * DAY).astype(np.int64) + rng.integers(0, MINUTE, count),
        kind=np.full(count, SUBSCRIBED, np.int8),
        campaign=np.full(count, NO_CAMPAIGN),
        link=np.full(count, -1, np.int8),
        agent=np.zeros(count, np.int8),
        detail=np.zeros(count, np.int64),
        second=np.zeros(count, np.bool_),
    )


def _joined(parts: list[Mail], calendar: Calendar) -> Mail:
    """All parts in the order of time, up to the end of the window."""
    whole = Mail(*(np.concatenate([getattr(part, name) for part in parts]) for name in Mail.__slots__))
    kept = np.flatnonzero((whole.at <= calendar.until) & (whole.at > calendar.start))
    return whole.where(kept[np.argsort(whole.at[kept], kind="stable")])
