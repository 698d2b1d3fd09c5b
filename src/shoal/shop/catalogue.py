"""What the shop is: its names, products, pages, and the calendar of campaigns."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from shoal.core.time import Instant
from shoal.shop.rates import CAMPAIGNS_PER_WEEK, DAY, EXPERIMENT_EVERY, HOUR, TREATMENTS, Codes, Flags, Ints

TOPICS = ("beans", "brewing", "equipment", "gifts", "origins", "recipes")
"""Topics of mails and articles, and the categories of the products."""
FORMATS = ("video", "case_study", "guide", "tool")
STYLES = ("how_to", "question", "statistic", "curiosity")
CHANNELS = ("email", "sms", "app")

COUNTRIES = ("US", "GB", "DE", "FR", "ES", "NL", "CA", "AU")
COUNTRY_WEIGHTS = (0.42, 0.16, 0.12, 0.08, 0.06, 0.05, 0.07, 0.04)
ZONE_HOURS = (-5, 0, 1, 1, 1, 1, -5, 10)  # standard time; the shop knows no summer time
SWAPPED = ("UM", "UK", "DK", "FX", "SP", "NE", "CH", "AT")  # what a hurried hand types instead
CITIES = ("Fairview", "Northwick", "Altdorf", "Beauval", "Villanova", "Oosthaven", "Maplewood", "Eastbay")
DIALLING = ("+1555", "+44555", "+49555", "+3355", "+3455", "+3155", "+1555", "+6155")

_GIVEN = (
    "Ada Alba Amir Ana Arjun Bea Bilal Björn Carla Chen Chloé Cora Dana Diego Dora Eda Elif Emil Enzo Eva Farid Fay "
    "Finn Gita Hana Hugo Ida Ines Ivo Jana Jonas José Kai Kira Lara Leo Lina Luca Maja Marek Mei Milo Mina Nadia Nils "
    "Noor Olga Omar Otto Pia Ravi Rosa Sam Sara Sofía Tara Theo Tom Uma Vera Yara Yusuf Zoë Zora"
)
_FAMILY = (
    "Abara Acker Almeida Arden Bauer Becker Bello Bianchi Blom Brandt Castro Chan Cohen Costa Dahl Devi Diaz Dubois "
    "Eriksen Faber Farkas Fischer Fontaine Garcia Greene Haddad Hansen Ito Ivanov Jansen Jones Kaya Keller Khan Kim "
    "Kowal Kumar Larsen Lopez Lund Maier Mbeki Meyer Moreau Müller Nagy Nakamura Novak Okafor Olsen Ortiz Park Patel "
    "Peters Quist Ramos Reyes Rossi Santos Sato Schmidt Silva Singh Sousa Stone Tanaka Varga Visser Wagner Weber "
    "Wolff Yilmaz Zhang Zeman"
)
GIVEN, FAMILY = tuple(_GIVEN.split()), tuple(_FAMILY.split())
ASCII = str.maketrans({"ö": "o", "é": "e", "í": "i", "ë": "e", "ü": "u"})
DOMAINS = ("mail.example.com", "post.example.org", "inbox.example.net", "letters.example.com", "box.example.org")
TYPO_DOMAINS = ("mial.example.com", "pots.example.org", "inbx.example.net", "leters.example.com", "bxo.example.org")
WORK_DOMAINS = ("acme.example", "globex.example", "initech.example", "umbrella.example")

SITE = "https://shop.example.com"


@dataclass(frozen=True, slots=True)
class Product:
    """Something the shop sells; the price is in cents."""

    sku: str
    name: str
    topic: int
    cents: int


def _products() -> tuple[Product, ...]:
    things = (
        ("House Blend 250 g", "Single Estate 250 g", "Decaf 500 g", "Espresso 1 kg"),
        ("Pour-Over Set", "French Press", "Paper Filters", "Cold Brew Jug"),
        ("Hand Grinder", "Burr Grinder", "Kettle", "Espresso Machine"),
        ("Gift Card", "Tasting Box", "Mug Pair", "Advent Box"),
        ("Highland Lot", "Island Lot", "River Lot", "Cooperative Lot"),
        ("Recipe Book", "Syrup Trio", "Spice Tin", "Oat Barista 6 l"),
    )
    cents = (
        (1190, 1690, 2190, 3490),
        (3900, 2900, 690, 3400),
        (5900, 14900, 7900, 49900),
        (5000, 3200, 2400, 4500),
        (1990, 2290, 2090, 1890),
        (2200, 1800, 900, 1500),
    )
    return tuple(
        Product(f"{TOPICS[topic][:3].upper()}-{place + 1:02d}", name, topic, cents[topic][place])
        for topic, names in enumerate(things)
        for place, name in enumerate(names)
    )


PRODUCTS = _products()
PER_TOPIC = 4

HOME, PRICING, COMPARE, ABOUT, ACCOUNT = range(5)
FIRST_CATEGORY = 5
FIRST_PRODUCT = FIRST_CATEGORY + len(TOPICS)
FIRST_ARTICLE = FIRST_PRODUCT + len(PRODUCTS)


def _pages() -> tuple[tuple[str, str], ...]:
    fixed = (
        ("/", "Home"),
        ("/pricing", "Pricing"),
        ("/pricing/compare", "Compare plans"),
        ("/about", "About us"),
        ("/account", "Account"),
    )
    categories = tuple((f"/c/{topic}", topic.title()) for topic in TOPICS)
    products = tuple((f"/p/{item.sku.lower()}", item.name) for item in PRODUCTS)
    articles = tuple(
        (f"/blog/{topic}/{shape.replace('_', '-')}", f"{topic.title()}: {shape.replace('_', ' ')}")
        for topic in TOPICS
        for shape in FORMATS
    )
    return fixed + categories + products + articles


PAGES = _pages()
"""(path, title) of every page; the constants above say where each group begins."""

TREATMENTS_WITH_CODE = (TREATMENTS.index("discount"), TREATMENTS.index("win_back"))
"""Campaigns whose mail carries a discount code."""

_SUBJECTS = {
    "how_to": "How to get more from your {topic}",
    "question": "Are you doing {topic} right?",
    "statistic": "7 in 10 change their {topic} within a year",
    "curiosity": "The {topic} secret, nobody talks about it",
}
_OFFERS = {
    "none": "",
    "social_proof": " (as told by 1,200 customers)",
    "discount": " - 20% off",
    "guide": " [free guide]",
    "win_back": " - we miss you",
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """The campaigns of the window in order; arrays are one entry a campaign."""

    start: Instant
    until: Instant
    at: Ints  # instant of sending
    topic: Codes
    format: Codes
    style: Codes
    treatment: Codes  # place in TREATMENTS
    experiment: Flags  # the audience is a fair coin

    @property
    def days(self) -> float:
        """Length of the window."""
        return (self.until - self.start) / DAY

    def __len__(self) -> int:
        return len(self.at)

    def names(self) -> list[str]:
        """What the e-mail platform calls each campaign."""
        parts = zip(self.topic, self.format, self.treatment, strict=True)
        return [
            f"{number + 1:03d} {TOPICS[topic]} {FORMATS[shape]}"
            + ("" if treatment == 0 else f" {TREATMENTS[treatment]}")
            + (" experiment" if self.experiment[number] else "")
            for number, (topic, shape, treatment) in enumerate(parts)
        ]

    def ids(self) -> list[str]:
        """Each campaign's id at the e-mail platform."""
        return [f"01SHOALCAMPAIGN{number + 1:05d}" for number in range(len(self))]

    def subjects(self) -> list[str]:
        """Each campaign's subject line."""
        parts = zip(self.topic, self.style, self.treatment, strict=True)
        return [
            _SUBJECTS[STYLES[style]].format(topic=TOPICS[topic]) + _OFFERS[TREATMENTS[treatment]]
            for topic, style, treatment in parts
        ]

    def links(self) -> list[int]:
        """Pages linked, five a campaign: article, category, product, pricing, account (to unsubscribe)."""
        return [
            page
            for number in range(len(self))
            for page in (
                FIRST_ARTICLE + int(self.topic[number]) * len(FORMATS) + int(self.format[number]),
                FIRST_CATEGORY + int(self.topic[number]),
                FIRST_PRODUCT + int(self.topic[number]) * PER_TOPIC + number % PER_TOPIC,
                PRICING,
                ACCOUNT,
            )
        ]


def calendar(days: int, seed: int, until: Instant) -> Calendar:
    """The campaigns of `days` days up to `until`; the same for every part of a large shop."""
    rng = np.random.default_rng([seed, 0xCA1])
    count = max(1, math.floor(days * CAMPAIGNS_PER_WEEK / 7))
    gap = 7 / CAMPAIGNS_PER_WEEK
    start = until - days * DAY
    day = start // DAY + 1 + np.floor(np.arange(count) * gap).astype(np.int64)
    at = day * DAY + rng.choice([7, 9, 12, 16, 18], count) * HOUR
    number = np.arange(count)
    return Calendar(
        start=Instant(start),
        until=until,
        at=at,
        topic=rng.integers(0, len(TOPICS), count, dtype=np.int8),
        format=rng.integers(0, len(FORMATS), count, dtype=np.int8),
        style=rng.integers(0, len(STYLES), count, dtype=np.int8),
        treatment=np.where(number % 2 == 1, 1 + number // 2 % (len(TREATMENTS) - 1), 0).astype(np.int8),
        experiment=number % EXPERIMENT_EVERY == EXPERIMENT_EVERY - 1,
    )
