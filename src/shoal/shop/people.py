"""Who is on the list: personas, tastes, consent, identities, and what is wrong with their records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoal.shop import rates
from shoal.shop.catalogue import (
    CHANNELS,
    COUNTRY_WEIGHTS,
    DOMAINS,
    FAMILY,
    FORMATS,
    GIVEN,
    STYLES,
    TOPICS,
    WORK_DOMAINS,
    ZONE_HOURS,
)
from shoal.shop.rates import PERSONAS, Codes, Flags, Floats, Ints, Persona

DUPLICATE_KINDS = ("none", *rates.DUPLICATES)
NEAR_MISSES = ("none", "a_viewed_too_early", "a_just_ordered", "b_bought_long_ago", "c_fell_too_little")
"""Planted people who miss a segment by a little: a view 7 days and an hour ago, an order 7 days less
an hour ago, one early order, opens down by 40 %."""
KIOSK_DEVICE = 999_999_999


@dataclass(frozen=True, slots=True)
class Course:
    """Activity over time: `low[0]` until `turn[0]`, `low[1]` until `turn[1]`, then `low[2]`; days from the start."""

    turn: tuple[Floats, Floats]
    level: tuple[Floats, Floats, Floats]

    def at(self, day: Floats, person: Ints) -> Floats:
        """Activity of each person on each day; 1 is their full rate."""
        early, late = self.turn[0][person], self.turn[1][person]
        levels = [level[person] for level in self.level]
        return np.where(day < early, levels[0], np.where(day < late, levels[1], levels[2]))


@dataclass(frozen=True, slots=True)
class People:
    """One entry a person in every array. Codes are places in the tables of `catalogue` and `rates`."""

    first: int  # number of the first person; the others follow
    persona: Codes
    course: Course
    joined: Floats  # days from the start; negative is before
    lively: Floats  # the person's own factor on opens
    eager: Floats  # the person's own factor on orders and on effects
    country: Codes
    hour: Codes  # local hour at which mail is read
    channel: Codes
    topic: Codes
    format: Codes
    style: Codes
    given: Codes
    family: Codes
    domain: Codes
    is_bot: Flags
    is_apple: Flags
    is_gmail: Flags
    email_consent: Flags
    sms_consent: Flags
    uses_app: Flags
    has_account: Flags  # from before the window
    in_crm: Flags
    duplicate: Codes  # place in DUPLICATE_KINDS
    near_miss: Codes  # place in NEAR_MISSES
    household: Ints  # number of the person whose phone and address are used
    device: Ints  # number of the second browser; the first is 2 * number

    def __len__(self) -> int:
        return len(self.persona)

    @property
    def number(self) -> Ints:
        """Each person's own number in the whole shop."""
        return np.arange(self.first, self.first + len(self), dtype=np.int64)

    @property
    def zone(self) -> Codes:
        """Hours east of UTC."""
        return np.array(ZONE_HOURS, np.int8)[self.country]

    def rate(self, name: str) -> Floats:
        """A rate of each person's persona, by its field name."""
        return persona_rate(name)[self.persona]

    def effect(self) -> Floats:
        """Change of P(order within 7 days) by receipt: one row a person, one column a treatment."""
        table = np.array([persona.effects for persona in PERSONAS], np.float32)
        return (table[self.persona] * self.eager[:, None]).astype(np.float32)


def persona_rate(name: str) -> Floats:
    """One rate for all personas, in the order of PERSONAS."""
    return np.array([getattr(persona, name) for persona in PERSONAS], np.float32)


def people(count: int, days: int, rng: np.random.Generator, first: int = 0) -> People:
    """Draw `count` people, numbered from `first`."""
    persona = _draw(rng, persona_rate("share"), count)
    number = np.arange(first, first + count, dtype=np.int64)
    house = _paired(number, rates.HOUSEHOLD_SHARE, rng)
    country = _draw(rng, COUNTRY_WEIGHTS, count)[house - first]
    is_bot = rng.random(count) < rates.BOT_SHARE
    joined = _joined(PERSONAS, persona, days, rng)
    is_apple, is_gmail = _mail_programs(is_bot, rng)
    duplicate, near_miss = _planted(persona, is_bot | is_apple, rng)
    return People(
        first=first,
        persona=persona,
        course=_course(persona, days, rng),
        joined=np.where(near_miss > 0, np.float32(-1), joined),
        lively=rng.uniform(0.8, 1.2, count).astype(np.float32),
        eager=rng.gamma(4.0, 0.25, count).astype(np.float32),
        country=country,
        hour=_draw(rng, _HOURS, count),
        channel=_draw(rng, (0.7, 0.18, 0.12), count, len(CHANNELS)),
        topic=rng.integers(0, len(TOPICS), count, dtype=np.int8),
        format=rng.integers(0, len(FORMATS), count, dtype=np.int8),
        style=rng.integers(0, len(STYLES), count, dtype=np.int8),
        given=rng.integers(0, len(GIVEN), count, dtype=np.int8),
        family=rng.integers(0, len(FAMILY), count, dtype=np.int8)[house - first],
        domain=_domain(is_bot, rng),
        is_bot=is_bot,
        is_apple=is_apple,
        is_gmail=is_gmail,
        email_consent=(rng.random(count) < rates.EMAIL_CONSENT) | (near_miss > 0),
        sms_consent=rng.random(count) < rates.SMS_CONSENT,
        uses_app=rng.random(count) < rates.APP_SHARE,
        has_account=((rng.random(count) < rates.ACCOUNT_BEFORE) & (joined < 0)) | (near_miss > 0),
        in_crm=rng.random(count) < rates.CRM_SHARE,
        duplicate=duplicate,
        near_miss=near_miss,
        household=house,
        device=_devices(number, rng),
    )


_HOURS = np.interp(np.arange(24), [0, 5, 7, 9, 12, 14, 18, 20, 23], [0.2, 0.2, 3, 2, 2.5, 1, 2, 4, 0.5])
"""How many people have each local hour as theirs, up to a factor."""


def _draw(rng: np.random.Generator, weights: object, count: int, kinds: int | None = None) -> Codes:
    """Codes with these weights."""
    steps = np.cumsum(np.asarray(weights, float))
    assert kinds is None or kinds == len(steps)
    return np.searchsorted(steps / steps[-1], rng.random(count), side="right").astype(np.int8)


def _joined(personas: tuple[Persona, ...], persona: Codes, days: int, rng: np.random.Generator) -> Floats:
    """Most joined before the window, the rest during it; newcomers in its last third."""
    count = len(persona)
    during = rng.uniform(0, max(days - 3, 1), count)
    late = rng.uniform(days * 0.67, days - 3, count)
    rising = np.array([entry.course == "rising" for entry in personas])[persona]
    settled = np.array([entry.course in {"fading", "dormant", "returning"} for entry in personas])[persona]
    before = (rng.random(count) < rates.JOINED_BEFORE) | settled
    return np.where(rising, late, np.where(before, -rng.exponential(200, count), during)).astype(np.float32)


def _course(persona: Codes, days: int, rng: np.random.Generator) -> Course:
    """Turning days and levels by persona.

    Half of the fading people fade 24 to 33 days before the end, so that segment C is not left to chance.
    """
    count = len(persona)
    kind = np.array([entry.course for entry in PERSONAS])[persona]
    recent = rng.uniform(24, 33, count)
    spread = rng.uniform(34, max(days - 20, 35), count)
    fade = days - np.where(rng.random(count) < 0.5, recent, spread)
    sleep = days - rng.uniform(62, max(days - 10, 63), count)
    wake = days - rng.uniform(4, 30, count)
    rise = days - rng.uniform(8, 30, count)
    first = np.select([kind == "fading", kind == "dormant", kind == "returning", kind == "rising"],
                      [fade, sleep, np.minimum(sleep, wake - 60), rise], 1e6)  # fmt: skip
    second = np.where(kind == "returning", wake, 1e6)
    level_0 = np.where(kind == "rising", 0.5, 1.0)
    level_1 = np.select([kind == "fading", kind == "dormant", kind == "returning", kind == "rising"],
                        [0.12, 0.0, 0.0, 1.5], 1.0)  # fmt: skip
    level_2 = np.where(kind == "returning", 1.1, level_1)
    as_f32 = [array.astype(np.float32) for array in (first, second, level_0, level_1, level_2)]
    return Course(turn=(as_f32[0], as_f32[1]), level=(as_f32[2], as_f32[3], as_f32[4]))


def _planted(persona: Codes, barred: Flags, rng: np.random.Generator) -> tuple[Codes, Codes]:
    """Who has a second record, and who just misses a segment."""
    duplicate = _draw(rng, (1 - sum(rates.DUPLICATES.values()), *rates.DUPLICATES.values()), len(persona))
    return duplicate, _near_miss(persona, barred | (duplicate > 0), rng)


def _near_miss(persona: Codes, barred: Flags, rng: np.random.Generator) -> Codes:
    """Plant the people who just miss: readers for A and B, loyalists for C; nobody with other peculiarities."""
    names = [entry.name for entry in PERSONAS]
    found = np.zeros(len(persona), np.int8)
    wanted = max(1, round(rates.NEAR_MISS_SHARE * len(persona)))
    for code, name in ((1, "reader"), (2, "researcher"), (3, "reader"), (4, "loyalist")):
        free = np.flatnonzero((persona == names.index(name)) & ~barred & (found == 0))
        found[rng.permutation(free)[:wanted]] = code
    return found


def _mail_programs(is_bot: Flags, rng: np.random.Generator) -> tuple[Flags, Flags]:
    """Whose mail program opens everything by itself, and whose opens come through an image proxy."""
    drawn = rng.random(len(is_bot)) * (1 - rates.BOT_SHARE)
    apple = ~is_bot & (drawn < rates.APPLE_SHARE)
    return apple, ~is_bot & ~apple & (drawn < rates.APPLE_SHARE + rates.GMAIL_SHARE)


def _domain(is_bot: Flags, rng: np.random.Generator) -> Codes:
    """Scanners guard the mail of companies; everybody else has an address at a mailbox provider."""
    company = len(DOMAINS) + rng.integers(0, len(WORK_DOMAINS), len(is_bot), dtype=np.int8)
    return np.where(is_bot, company, rng.integers(0, len(DOMAINS), len(is_bot), dtype=np.int8))


def _paired(number: Ints, share: float, rng: np.random.Generator) -> Ints:
    """Each person's own number, but for `share` of them (in pairs of neighbours) the lower one of the pair."""
    pairs = len(number) // 2
    chosen = rng.random(pairs) < share
    result = number.copy()
    result[1 : 2 * pairs : 2][chosen] = number[0 : 2 * pairs : 2][chosen]
    return result


def _devices(number: Ints, rng: np.random.Generator) -> Ints:
    """Number of each person's second browser; in a pair that shares, the first browser of the other."""
    other = _paired(number, rates.SHARED_DEVICE_SHARE, rng)
    device = np.where(other < number, 2 * other, 2 * number + 1)
    return np.where(rng.random(len(number)) < rates.KIOSK_SHARE, KIOSK_DEVICE, device)
