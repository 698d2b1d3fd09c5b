"""Radius: people near a point on the globe."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp, parse_one

from shoal.core.errors import UserError, require
from shoal.core.time import Instant
from shoal.profiles.traits import LATEST
from shoal.segments import fields, scans
from shoal.segments.counterfactual.examples import stated
from shoal.segments.counterfactual.facts import Facts
from shoal.segments.counterfactual.ways import Do, Never, Way
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.words import written
from shoal.segments.values import Json, Number, check_number, is_number

EARTH_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""

UNITS = {"km": 1.0, "miles": 1.609344}
FARTHEST_KM = 20_100

_DEGREE = math.pi / 180
_SERIES = tuple((-1.0) ** n / math.factorial(2 * n + 1) for n in range(12))
_UNSOUND = 1e9  # stands for no number where a number has to stand


def _sine(angle: float) -> float:
    """The sine of an angle between -pi/2 and pi/2, by its series.

    Only sums and products, which every engine rounds alike, so that all readings get the very same number.
    """
    square = angle * angle
    total = _SERIES[-1]
    for factor in reversed(_SERIES[:-1]):
        total = total * square + factor
    return angle * total


def _haversine(latitude: float, longitude: float, from_latitude: float, from_longitude: float) -> float:
    """The haversine of the angle between two points, 0 to 1. `NearPoint.scan` is the same, step by step."""
    across = longitude - from_longitude
    across = across - 360.0 if across > 180.0 else across + 360.0 if across < -180.0 else across
    north = _sine((latitude - from_latitude) * (_DEGREE / 2))
    east = _sine(across * (_DEGREE / 2))
    cosine = _sine((90.0 - abs(latitude)) * _DEGREE)
    return north * north + (_sine((90.0 - abs(from_latitude)) * _DEGREE) * cosine) * (east * east)


def distance_km(latitude: float, longitude: float, from_latitude: float, from_longitude: float) -> float:
    """Kilometres between two points in degrees, along the surface of a globe of `EARTH_KM`.

    >>> round(distance_km(48.8566, 2.3522, 52.52, 13.405), 1)
    877.5
    """
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, _haversine(latitude, longitude, from_latitude, from_longitude))))


@dataclass(frozen=True, slots=True)
class NearPoint:
    """The subscriber's place is within so many kilometres of a point."""

    latitude: float
    longitude: float
    km: float

    @property
    def most(self) -> float:
        """The haversine of the distance: beyond it nobody is near."""
        angle = self.km / EARTH_KM / 2
        return math.sin(angle) ** 2 if angle < math.pi / 2 else 1.1

    def scan(self, binding: Binding) -> exp.Select:
        """The traits' latest numbers, and the arithmetic of `_haversine`, one step a level."""

        def bound(number: float) -> str:
            return binding.value(number).sql(dialect="duckdb")

        half, full, turn, straight = bound(_DEGREE / 2), bound(_DEGREE), bound(360.0), bound(180.0)
        quarter = bound(90.0)
        own = _sine((90.0 - abs(self.latitude)) * _DEGREE)
        stated = exp.select("*").from_(exp.table_("traits")).where(_known(binding))
        found = parse_one(
            f"""SELECT subscriber FROM (
                  SELECT subscriber, {_series("a", "a * a", binding)} AS north,
                         {_series("b", "b * b", binding)} AS east,
                         {_series("c", "c * c", binding)} AS cosine
                  FROM (SELECT subscriber, (latitude - {bound(self.latitude)}) * {half} AS a,
                               (CASE WHEN across > {straight} THEN across - {turn}
                                     WHEN across < -{straight} THEN across + {turn} ELSE across END) * {half} AS b,
                               ({quarter} - abs(latitude)) * {full} AS c
                        FROM (SELECT subscriber, latitude, longitude - {bound(self.longitude)} AS across
                              FROM ({_places(binding)}) AS places
                              WHERE {_sound("latitude", "longitude", binding)}) AS angles) AS halves) AS sines
                WHERE north * north + ({bound(own)} * cosine) * (east * east) <= {bound(self.most)}""",
            dialect="duckdb",
        )
        assert isinstance(found, exp.Select)
        return found.with_("stated", as_=stated)


def _series(angle: str, square: str, binding: Binding) -> str:
    *others, total = (binding.value(factor).sql(dialect="duckdb") for factor in _SERIES)
    for factor in reversed(others):
        total = f"({total} * ({square}) + {factor})"
    return f"{angle} * {total}"


def _sound(latitude: str, longitude: str, binding: Binding) -> str:
    quarter, straight = (binding.value(number).sql(dialect="duckdb") for number in (90.0, 180.0))
    return f"{latitude} BETWEEN -{quarter} AND {quarter} AND {longitude} BETWEEN -{straight} AND {straight}"


def _places(binding: Binding) -> str:
    def latest(name: str, part: str | None) -> str:
        value: exp.Expr = scans.column("value")
        if part is not None:
            value = exp.Bracket(this=value, expressions=[exp.Literal.string(part)])
        is_number_ = variant.is_type(value, *variant.WHOLE_TYPES, *variant.BROKEN_TYPES).sql(dialect="duckdb")
        number = variant.cast(value, "DOUBLE").sql(dialect="duckdb")
        one = f"coalesce(CASE WHEN {is_number_} THEN {number} END, {_UNSOUND}::DOUBLE)"
        return f"arg_max({one}, {LATEST}) FILTER (WHERE name = '{name}')"

    sound = _sound("own_latitude", "own_longitude", binding)
    return f"""SELECT subscriber, CASE WHEN {sound} THEN own_latitude ELSE other_latitude END AS latitude,
                      CASE WHEN {sound} THEN own_longitude ELSE other_longitude END AS longitude
               FROM (SELECT subscriber, {latest("latitude", None)} AS own_latitude,
                            {latest("longitude", None)} AS own_longitude, {latest("location", "lat")} AS other_latitude,
                            {latest("location", "lng")} AS other_longitude FROM stated GROUP BY subscriber) AS told"""


def _known(binding: Binding) -> exp.Expr:
    names = exp.In(this=scans.column("name"), expressions=[exp.Literal.string(name) for name in TRAITS])
    return exp.and_(names, exp.LTE(this=scans.column("at"), expression=binding.instant(binding.now)))


TRAITS = ("latitude", "longitude", "location")


@dataclass(frozen=True, slots=True)
class Radius:
    """The subscriber's place, as their traits tell it, is within a distance of a point; false where it is unknown.

    >>> Radius(52.52, 13.405, 50).english()
    'within 50 km of 52.52, 13.405'
    """

    latitude: Number
    longitude: Number
    distance: Number
    unit: str = "km"  # a key of UNITS

    def __post_init__(self) -> None:
        for degrees, most, what in ((self.latitude, 90, "latitude"), (self.longitude, 180, "longitude")):
            sound = -most <= check_number(degrees) <= most
            require(sound, "bad_value", f"{written(degrees)} is not a {what}.", fix=f"Write -{most} to {most}.")
        require(self.unit in UNITS, "bad_value", "That is not a unit of distance.", fix="Write km or miles.")
        sound = 0 < check_number(self.distance) * UNITS[self.unit] <= FARTHEST_KM
        require(sound, "bad_value", "That is no distance on earth.", fix=f"Write up to {FARTHEST_KM} km.")

    def english(self) -> str:
        """`within 50 km of 52.52, 13.405`."""
        place = f"{written(self.latitude)}, {written(self.longitude)}"
        return f"within {written(self.distance)} {self.unit} of {place}"

    def to_data(self) -> dict[str, Json]:
        """`{"near": [52.52, 13.405], "km": 50}`."""
        return {"near": [self.latitude, self.longitude], self.unit: self.distance}

    def lower(self) -> NearPoint:
        """A query of its own, in kilometres."""
        km = float(self.distance) * UNITS[self.unit]
        return NearPoint(float(self.latitude), float(self.longitude), km)

    def _place(self, person: Person) -> tuple[float, float] | None:
        """Latitude and longitude of the traits of these names, else of `lat` and `lng` of the trait `location`."""
        latitude, longitude, location = (person.history.trait(name) for name in TRAITS)
        nested = location.value if location and isinstance(location.value, dict) else {}
        for pair in (
            (latitude and latitude.value, longitude and longitude.value),
            (nested.get("lat"), nested.get("lng")),
        ):
            north, east = pair
            if is_number(north) and is_number(east) and -90 <= north <= 90 and -180 <= east <= 180:
                return float(north), float(east)
        return None

    def holds(self, person: Person) -> bool:
        """Measure."""
        place, near = self._place(person), self.lower()
        return place is not None and _haversine(*place, near.latitude, near.longitude) <= near.most

    def detail(self, person: Person) -> Detail:
        """The distance, in the unit asked for."""
        place, near = self._place(person), self.lower()
        needed = f"at most {written(self.distance)} {self.unit}"
        if place is None:
            return Detail("place not known", needed)
        return Detail(
            f"{distance_km(*place, near.latitude, near.longitude) / UNITS[self.unit]:.1f} {self.unit}", needed
        )

    def ways(self, person: Person) -> Iterator[Way]:
        """Another place."""
        holds = self.holds(person)
        place: tuple[Number, Number] = (self.latitude, self.longitude)
        if holds:
            place = (-self.latitude, self.longitude - 180 if self.longitude > 0 else self.longitude + 180)
        words = f"a place {'not ' * holds}{self.english()} (now {self.detail(person).value})"
        told = tuple(stated(person, name, angle) for name, angle in zip(TRAITS, place, strict=False))
        yield Do(words, Facts(traits=told), person.now)
        if holds:
            yield Never("nothing: every place on earth is as near")

    def moments(self, person: Person) -> Iterator[Instant]:
        """When something was said about the place."""
        yield from (one.at for one in person.history.traits if one.name in TRAITS)

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """None: the place may be told in either of two ways."""
        return iter(())


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> Radius:
    fields.only(data, ("near", *UNITS), where)
    units = [unit for unit in UNITS if unit in data]
    place = data["near"]
    if len(units) != 1 or not isinstance(place, list) or len(place) != 2:
        fix = 'Write {"near": [52.52, 13.405], "km": 50}.'
        raise UserError("incomplete_condition", "A radius needs a point and one distance.", where=where, fix=fix)
    return Radius(place[0], place[1], data[units[0]], units[0])


KIND = Kind(
    name="radius",
    node=Radius,
    keys=("near",),
    read=_read,
    rules=("radius",),
    grammar="""
radius: "within" number distance_unit "of" number "," number
distance_unit: "km" -> distance_km
    | ("miles" | "mile") -> distance_miles
""",
    build={
        "radius": lambda distance, unit, latitude, longitude: Radius(latitude, longitude, distance, unit),
        "distance_km": lambda: "km",
        "distance_miles": lambda: "miles",
    },
)
