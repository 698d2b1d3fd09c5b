"""The segments of the benchmarks: one to three conditions each, over some 50 streams of the reference shop."""

from __future__ import annotations

import random
from dataclasses import replace

from shoal.segments import english, parse
from shoal.segments.kinds.event_count import Did
from shoal.segments.kinds.groups import All, Not
from shoal.segments.nodes import Node, walk
from shoal.segments.times import Times
from shoal.segments.windows import EVER

SEGMENTS = 100

FILTERS = {
    "Email Opened": (
        *("", " by a person", ' where campaign_name starts with "0"', ' where subject contains "your"'),
        ' by a person where campaign_name contains "beans"',
    ),
    "Email Link Clicked": (
        *("", " by a person", ' where link_url contains "utm_campaign"', ' where link_url contains "/pricing"'),
        ' by a person where campaign_name contains "recipes"',
    ),
    "Email Delivered": (
        *("", ' where campaign_name contains "recipes"', ' where subject starts with "How"'),
        ' where campaign_name starts with "01"',
    ),
    "Page Viewed": (
        *("", ' where path starts with "/pricing"', ' where path contains "blog"', " where path is set"),
        *(' where path starts with "/p/"', ' where title contains "Recipes"'),
    ),
    "Product Viewed": (
        *("", " where price is more than 50", " where price is at most 20", " where category is set"),
        *(' where category is "gifts"', ' where path starts with "/p/ori"'),
    ),
    "Product Added": (
        *("", " where price is more than 50", " where quantity is at least 2", ' where category is "origins"'),
    ),
    "Order Completed": (
        *("", " where total is more than 100", " where total is less than 30", " where coupon is set"),
        " where discount is more than 0",
    ),
    "Checkout Started": ("", " where price is more than 20"),
    "App Opened": ("", ' where version starts with "3.3"'),
    "Email Read": ("", " where seconds is at least 30"),
    "SMS Sent": ("",),
    "SMS Link Clicked": ("",),
    "Page Left": ("", ' where path starts with "/pricing"', " where seconds is more than 60"),
    "Video Playback Completed": ("", ' where topic is "beans"'),
}
WINDOWS = ("in the last 7 days", "in the last 14 days", "in the last 30 days", "in the last 90 days", "ever")
AGO = ("between 60 and 30 days ago", "more than 30 days ago")

OTHERS = (
    "opens in the last 30 days are at most half of the 30 days before",
    'did "Page Viewed" more often than average in the last 14 days',
    'first did "Order Completed" in the last 30 days',
    'last did "Product Viewed" more than 14 days ago',
    'in segment "s001" and not in segment "s002"',
    "country is set and visits exactly 0 times in the last 7 days",
    'consent to email marketing is "granted" and opens at most 1 time in the last 14 days',
)
"""Other kinds that the live reading keeps by itself."""


def definitions(number: int = SEGMENTS, seed: int = 7) -> dict[str, Node]:
    """Segments of one to three conditions; the first ones are the same whatever the number."""
    draw = random.Random(seed)
    streams = [(event, filtered) for event, those in FILTERS.items() for filtered in those]
    found = {}
    for place in range(number):
        parts = []
        for _ in range(draw.randint(1, 3)):
            event, filtered = draw.choice(streams)
            window = draw.choice(WINDOWS * 3 + AGO)
            times = draw.choice(("at least 1 time", "at least 2 times", "at least 3 times", "at most 1 time"))
            negated = draw.choice(("", "", "not "))
            parts.append(negated + sentence(event, filtered, times, window))
        found[f"s{place:03}"] = parse(draw.choice((" and ", " and ", " or ")).join(parts))
    return found


def sentence(event: str, filtered: str, times: str, window: str) -> str:
    """One condition in words."""
    return f'did "{event}"{filtered} {times} {"" if window == "ever" else window}'.strip()


def unsaved(number: int = 5, seed: int = 11) -> list[str]:
    """Sentences that no segment says, each with a filter on a property, of streams in windows that segments count."""
    leaves = {part for node in definitions().values() for _, part in walk(node) if isinstance(part, Did)}
    filtered = sorted((one for one in leaves if one.stream.where and one.window != EVER), key=english)
    draw = random.Random(seed)
    pairs = [draw.sample(filtered, 2) for _ in range(number)]
    more, once = Times("at_least", 4), Times()
    return [english(All((replace(one, times=more), Not(replace(two, times=once))))) for one, two in pairs]
