"""How likely two faces are one person: the Fellegi-Sunter model, by Splink on DuckDB.

Each field is compared on a scale of agreement (a level). `m` is how often two faces of one person are on
a level, `u` how often two faces of different people are. Sources: Fellegi and Sunter, "A Theory for Record
Linkage" (JASA 64, 1969); Splink, https://moj-analytical-services.github.io/splink/.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

from shoal.profiles.likeness import BLOCKS, CONDITIONS, NEAR, PREPARE, REASONS_SQL
from shoal.store.duck import open_duck

MOST_IN_A_BLOCK = 40
"""Faces with one value of a blocking column, beyond which the value says too little to compare them all. It keeps the
number of compared pairs in proportion to the number of faces."""

MEMORY = "2GB"
"""What the search may hold before it spills."""

ENOUGH_FACES = 300
"""From here on `u` is measured on the list itself: random pairs of 300 faces are 45,000."""

EXPECTED_DUPLICATES = 0.05
"""Part of the faces that are expected to have a second one, where the list is too small to measure it."""

_PAIRS_TO_SAMPLE = 3e5
_SEED = 20_260_301


@dataclass(frozen=True, slots=True)
class Level:
    """One level of agreement of a field: an SQL condition on two faces, and its fixed probabilities."""

    condition: str  # a key of likeness.CONDITIONS
    m: float
    u: float
    rare: bool = False  # agreement on a rare value says more than on a frequent one
    column: str = ""  # whose frequency is meant, where rare
    measured: bool = True  # whether `u` is measured on a large list
    sharing: float | None = None  # `u` is at most this by the number of faces: so few people share it by chance

    def chance(self, size: int) -> float:
        """`u` among `size` faces."""
        return self.u if self.sharing is None else min(self.u, self.sharing / max(size, 1))


@dataclass(frozen=True, slots=True)
class Field:
    """A compared field, its levels from full agreement down, and what is left for none."""

    name: str
    columns: tuple[str, ...]  # it is unknown where all of them are null on a side
    levels: tuple[Level, ...]
    measured: bool = True  # u can be measured: not where chance agreement is too rare to be sampled


FIELDS = (
    Field("email", ("email_plain",), (
        Level("same_email", 0.30, 1e-9),
        Level("email_typo", 0.10, 2e-7),
        Level("email_domain", 0.10, 2e-6),
    ), measured=False),
    Field("phone", ("phone",), (
        Level("same_phone", 0.60, 1e-6, sharing=0.05),
        Level("phone_typo", 0.05, 1e-5),
    ), measured=False),
    Field("first_name", ("first_name",), (
        Level("same_first_name", 0.82, 0.01, rare=True, column="first_name"),
        Level("similar_first_name", 0.10, 0.01),
        Level("household", 5e-7, 0.5, measured=False),
    )),
    Field("last_name", ("last_name",), (
        Level("same_last_name", 0.86, 0.003, rare=True, column="last_name"),
        Level("similar_last_name", 0.08, 0.004),
        Level("swapped_names", 0.03, 1e-5),
    )),
    Field("address", ("street", "postcode", "city"), (
        Level("same_address", 0.60, 1e-5),
        Level("similar_address", 0.20, 2e-5),
        Level("same_postcode", 0.08, 2e-3),
        Level("same_city", 0.04, 0.03),
    )),
    Field("birthday", ("birthday",), (Level("same_birthday", 0.86, 5e-5), Level("similar_birthday", 0.10, 1.5e-3))),
)  # fmt: skip
"""The model with its fixed probabilities, of the size that typing errors and moving house give in lists of people.

`u` of names, addresses and birthdays is measured on the list where it is large enough. `m` is not: expectation
maximisation on lists of 20,000 drove it to 0 or 1 (no one has a duplicate with another first name), and differed
from run to run; on FEBRL 2 it found 0.02 more of the pairs. In lists of any size
one person in 20 or so shares a number with somebody else, so one number and nothing against it is just enough for a
proposal. "household" says that surname and address come together
for a family: with another first name they say no more than one of them.
"""


def pairs(faces: pa.Table, *, least: float = 0.5, scratch: Path | None = None) -> pa.Table:
    """Pairs of subscribers that are probably one person: a, b, score, reasons (list of likeness.REASONS).

    `faces` has faces.COLUMNS. `a` < `b`; the score is the probability of the best pair of their faces, at
    least `least`. The same faces give the same pairs. What doesn't fit into MEMORY goes to `scratch`.
    """
    duck = open_duck(memory=MEMORY, scratch=scratch)
    try:
        duck.register("faces", faces)
        duck.execute(PREPARE)
        for block in BLOCKS:
            duck.execute(_forget_frequent(block))
        duck.execute(NEAR)
        return _scored(duck, faces.num_rows, least)
    finally:
        duck.close()


def _forget_frequent(block: str) -> str:
    frequent = f"SELECT {block} FROM people GROUP BY {block} HAVING count(*) > {MOST_IN_A_BLOCK}"
    return f"UPDATE people SET {block} = NULL WHERE {block} IN ({frequent})"


def _scored(duck: duckdb.DuckDBPyConnection, size: int, least: float) -> pa.Table:
    if size < 2:
        return _NONE
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    linker = Linker(DuckDBAPI(duck).register("faces_to_match"), _settings(size), log_level=None)
    if size >= ENOUGH_FACES:
        linker.training.estimate_u_using_random_sampling(max_pairs=_PAIRS_TO_SAMPLE, seed=_SEED, num_chunks=1)
    found = linker.inference.predict(threshold_match_probability=least, warning_mode="never")
    duck.execute(f"CREATE TEMP TABLE found AS FROM {found.physical_name}")
    return duck.sql(REASONS_SQL).to_arrow_table()


_NONE = pa.table(
    {
        "a": pa.array([], pa.int64()),
        "b": pa.array([], pa.int64()),
        "score": pa.array([], pa.float64()),
        "reasons": pa.array([], pa.list_(pa.string())),
    }
)


def prior(size: int) -> float:
    """Probability that two of `size` faces are one person, before anything is compared."""
    return min(0.01, 2 * EXPECTED_DUPLICATES / max(size, 2))


def _settings(size: int) -> SettingsCreator:
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="face",
        probability_two_random_records_match=prior(size),
        comparisons=[_comparison(field, size) for field in FIELDS],
        blocking_rules_to_generate_predictions=[
            *(block_on(block) for block in BLOCKS),
            block_on("by_typos", arrays_to_explode=["by_typos"]),
        ],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
        additional_columns_to_retain=["subscriber"],
    )


FIXED: dict[str, Any] = {"fix_u_probability": True}


def _comparison(field: Field, size: int) -> Any:
    unknown = ["(" + " AND ".join(f"{column}_{side} IS NULL" for column in field.columns) + ")" for side in ("l", "r")]
    made: list[Any] = [levels.CustomLevel(" OR ".join(unknown), "unknown").configure(is_null_level=True)]
    for level in field.levels:
        options: dict[str, Any] = {"m_probability": level.m, "u_probability": level.chance(size)}
        if not (field.measured and level.measured):
            options |= FIXED
        if level.rare:
            options |= {"tf_adjustment_column": level.column, "tf_minimum_u_value": 1e-4}
        made.append(levels.CustomLevel(CONDITIONS[level.condition], level.condition).configure(**options))
    left: dict[str, Any] = {
        "m_probability": 1 - sum(level.m for level in field.levels),
        **({} if field.measured else FIXED),
    }
    left["u_probability"] = 1 - sum(level.chance(size) for level in field.levels if level.measured)
    rest = levels.ElseLevel().configure(**left)
    return comparisons.CustomComparison([*made, rest], output_column_name=field.name)
