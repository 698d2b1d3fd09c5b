"""Place: radius, with the same number in every reading, and country groups."""

from __future__ import annotations

import math
import random

import duckdb
import pytest

from shoal.core.errors import UserError
from shoal.core.time import parse_instant
from shoal.segments import country_groups, from_data, parse
from shoal.segments.history import History, TraitStatement
from shoal.segments.kinds import radius
from shoal.segments.oracle import is_member

NOW = parse_instant("2026-06-10")


def at(**traits: object) -> History:
    return History(
        traits=tuple(TraitStatement(name, value, NOW, NOW, 1) for name, value in traits.items())  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"latitude": 52.4, "longitude": 13.1}, True),
        ({"latitude": 48.8566, "longitude": 2.3522}, False),
        ({"location": {"lat": 52.4, "lng": 13.1}}, True),
        ({"latitude": 48.8566, "longitude": 2.3522, "location": {"lat": 52.4, "lng": 13.1}}, False),
        ({"latitude": "52.4", "longitude": 13.1}, False),
        ({"latitude": 52.4}, False),
        ({"latitude": 91, "longitude": 13.1}, False),
        ({}, False),
    ],
)
def test_who_is_near_berlin(place, expected):
    assert is_member(parse("within 50 km of 52.52, 13.405"), at(**place), NOW) is expected


def test_near_the_line_where_the_date_changes():
    assert is_member(parse("within 200 km of 0, 179.5"), at(latitude=0, longitude=-179.5), NOW)


def test_a_distance_is_what_the_textbook_says():
    rng = random.Random(3)
    for _ in range(2_000):
        north, east, other_north, other_east = (rng.uniform(-most, most) for most in (90, 180, 90, 180))
        a, b, c = (math.radians(one) for one in (north, other_north, other_east - east))
        angle = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(c / 2) ** 2
        expected = 2 * radius.EARTH_KM * math.asin(math.sqrt(angle))
        assert radius.distance_km(other_north, other_east, north, east) == pytest.approx(expected, abs=1e-5)


def test_sql_computes_the_very_same_number():
    rng = random.Random(5)
    connection = duckdb.connect()
    factors = {f"f{place}": factor for place, factor in enumerate(radius._SERIES)}
    for _ in range(300):
        angle = rng.uniform(-math.pi / 2, math.pi / 2)
        found = connection.execute(f"SELECT $x * {_horner(len(factors))}", {"x": angle, **factors}).fetchall()
        assert found == [(radius._sine(angle),)], angle


def _horner(count: int) -> str:
    total = f"$f{count - 1}"
    for place in reversed(range(count - 1)):
        total = f"({total} * ($x * $x) + $f{place})"
    return total


@pytest.mark.parametrize(
    "data",
    [
        {"near": [91, 0], "km": 5},
        {"near": [0, 181], "km": 5},
        {"near": [0, 0], "km": 0},
        {"near": [0, 0], "km": 30_000},
        {"near": [0, 0]},
        {"near": [0], "km": 5},
        {"near": ["0", 0], "km": 5},
        {"near": [0, 0], "km": 5, "miles": 3},
        {"country_in": "BU"},
    ],
)
def test_what_is_no_place_is_told(data):
    with pytest.raises(UserError) as caught:
        from_data(data)
    assert caught.value.fix


def test_groups_of_countries():
    assert (len(country_groups.GROUPS["EU"]), len(country_groups.GROUPS["EEA"])) == (27, 30)
    for value, eu, eea in (("DE", True, True), ("Norway", False, True), ("US", False, False), ("de", False, False)):
        for trait in ("country", "country_code"):
            assert is_member(parse("in the EU"), at(**{trait: value}), NOW) is eu
            assert is_member(parse("in the eea"), at(**{trait: value}), NOW) is eea
