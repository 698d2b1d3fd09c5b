"""The operators of property and trait comparisons, one file per family of values."""

from __future__ import annotations

from shoal.segments.operators import between, dates, equality, numbers, presence, texts
from shoal.segments.operators.operator import Operator

OPERATORS: dict[str, Operator] = {
    operator.name: operator
    for family in (equality, texts, numbers, between, presence, dates)
    for operator in family.OPERATORS
}
"""Every operator by the name it has in JSON."""

GRAMMAR = "test: " + "\n    | ".join(
    f"{operator.grammar} -> test_{operator.name}" for operator in OPERATORS.values() if operator.grammar
)
GRAMMAR += between.GRAMMAR
"""The part of the sentence grammar that reads a comparison."""

BUILD = between.BUILD
"""What the rules of that part build, but for the tests themselves."""
