"""Random bucket: a stable part of the list, drawn once and for all.

A subscriber's bucket is a digest of the draw's name and the subscriber's id, modulo the number of buckets:
`key_id("bucket:" + name + ":" + id) % of` (`core.ids`), the id as 16 hexadecimal digits. It follows from the id
alone, so it is the same at every instant and in every reading. A merged subscriber has one of the ids that were
merged, and with it that id's bucket. Draws of different names have nothing to do with each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlglot import exp, parse_one

from shoal.core.errors import UserError, require
from shoal.core.ids import KEY_ID_SQL, key_id, subscriber_text
from shoal.core.time import Instant
from shoal.segments import fields
from shoal.segments.counterfactual.ways import Never, Way
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators import variant
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.words import quoted
from shoal.segments.scans import column
from shoal.segments.values import Json, check_text, shown

MOST = 1_000_000
"""Buckets that a draw may have."""


def bucket_of(subscriber: int, of: int, name: str = "") -> int:
    """A subscriber's bucket, 0 to `of` - 1.

    >>> [bucket_of(subscriber, 10) for subscriber in range(5)]
    [4, 7, 1, 5, 9]
    """
    return key_id(f"{_prefix(name)}{subscriber_text(subscriber)}") % of


def numbers_drawn(subscribers: npt.NDArray[np.int64], name: str) -> npt.NDArray[np.int64]:
    """What they drew, whatever the number of buckets: `bucket_of` is the rest after division by that.

    >>> (numbers_drawn(np.arange(5), "") % 10).tolist()
    [4, 7, 1, 5, 9]
    """
    begun = hashlib.md5(_prefix(name).encode(), usedforsecurity=False)
    digests = bytearray()
    for subscriber in subscribers.tolist():
        digest = begun.copy()
        digest.update(b"%016x" % subscriber)
        digests += digest.digest()
    return (np.frombuffer(digests, "<u8")[1::2] >> np.uint64(1)).astype(np.int64)


def _prefix(name: str) -> str:
    return f"bucket:{name}:"


@dataclass(frozen=True, slots=True)
class InBucket:
    """In one of the buckets `low` to `high`, both included, of a draw into `of` buckets.

    >>> InBucket(0, 9, 100, "spring test").english()
    'in random bucket 0 to 9 of 100 of "spring test"'
    """

    low: int
    high: int
    of: int
    draw: str = ""  # its name

    def __post_init__(self) -> None:
        for number in (self.low, self.high, self.of):
            whole = isinstance(number, int) and not isinstance(number, bool)
            require(
                whole, "bad_value", f"{shown(number)} is not a whole number.", fix="Write for example 0 to 9 of 100."
            )
        require(2 <= self.of <= MOST, "bad_value", f"{self.of} is not a number of buckets.", fix=f"Write 2 to {MOST}.")
        inside = 0 <= self.low <= self.high < self.of
        fix = f"Buckets are numbered 0 to {self.of - 1}."
        require(inside, "bad_value", f"There are no buckets {self.low} to {self.high} of {self.of}.", fix=fix)
        everyone = self.high - self.low + 1 == self.of
        require(not everyone, "bad_value", "All buckets together are everyone.", fix="Leave the condition out.")
        if self.draw:
            check_text(self.draw, "The name of the draw")

    def english(self) -> str:
        """`in random bucket 0 to 9 of 100 of "spring test"`."""
        high = "" if self.high == self.low else f" to {self.high}"
        draw = f" of {quoted(self.draw)}" if self.draw else ""
        return f"in random bucket {self.low}{high} of {self.of}{draw}"

    def to_data(self) -> dict[str, Json]:
        """`{"random_bucket": [0, 9], "of": 100, "draw": "spring test"}`."""
        data: dict[str, Json] = {"random_bucket": [self.low, self.high], "of": self.of}
        return {**data, "draw": self.draw} if self.draw else data

    def lower(self) -> InBucket:
        """As it is: a question of its own."""
        return self

    def scan(self, binding: Binding) -> exp.Select:
        """The same digest in DuckDB."""
        digits = variant.call("lpad", variant.call("lower", variant.call("hex", column("subscriber"))), 16, "0")
        text = exp.DPipe(this=binding.value(_prefix(self.draw)), expression=digits)
        number = parse_one(KEY_ID_SQL.format(text="digested"), dialect="duckdb").transform(
            lambda part: text.copy() if isinstance(part, exp.Column) else part
        )
        bucket = exp.Mod(this=exp.paren(number), expression=binding.value(self.of))
        within = exp.Between(this=exp.paren(bucket), low=binding.value(self.low), high=binding.value(self.high))
        return exp.select(column("subscriber")).from_(exp.table_("subscribers")).where(within)

    def holds(self, person: Person) -> bool:
        """Work the bucket out."""
        return self.low <= bucket_of(person.history.subscriber, self.of, self.draw) <= self.high

    def detail(self, person: Person) -> Detail:
        """The bucket."""
        needed = str(self.low) if self.low == self.high else f"{self.low} to {self.high}"
        return Detail(f"bucket {bucket_of(person.history.subscriber, self.of, self.draw)}", f"bucket {needed}")

    def ways(self, _person: Person, /) -> Iterator[Way]:
        """None: the draw is made."""
        yield Never("nothing: the bucket of a subscriber never changes")

    def moments(self, _person: Person, /) -> Iterator[Instant]:
        """None: it never changes."""
        return iter(())

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """None."""
        return iter(())


def _read(data: Mapping[str, Any], where: str, _parts: Read) -> InBucket:
    fields.only(data, ("random_bucket", "of", "draw"), where)
    buckets = data["random_bucket"]
    if not isinstance(buckets, list) or len(buckets) != 2 or "of" not in data:
        fix = 'Write for example {"random_bucket": [0, 9], "of": 100}.'
        message = "A random bucket needs the first and the last bucket, and how many there are."
        raise UserError("incomplete_condition", message, where=where, fix=fix)
    draw = fields.name(data, "draw", where) if "draw" in data else ""
    return InBucket(buckets[0], buckets[1], data["of"], draw)


KIND = Kind(
    name="random bucket",
    node=InBucket,
    keys=("random_bucket",),
    read=_read,
    rules=("in_buckets", "in_bucket"),
    grammar="""
in_buckets: "in" "random" "bucket" whole "to" whole "of" whole ["of" text]
in_bucket: "in" "random" "bucket" whole "of" whole ["of" text]
""",
    build={
        "in_buckets": InBucket,
        "in_bucket": lambda bucket, of, *draw: InBucket(bucket, bucket, of, *draw),
    },
)
