"""Values that a query binds: nothing a user wrote becomes SQL text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from shoal.core.time import Instant, to_datetime
from shoal.segments.values import Scalar


@dataclass(slots=True)
class Binding:
    """The parameters of one query as it is built, and the instant it is asked for."""

    now: Instant
    types: Mapping[str, str] = field(default_factory=dict)  # what `sql.property_types` tells of the events' properties
    parameters: dict[str, object] = field(default_factory=dict)
    _names: dict[tuple[type, object], str] = field(default_factory=dict)

    def value(self, value: Scalar) -> exp.Expr:
        """Placeholder for a value; equal values share one."""
        return self._placeholder(value, value)

    def instant(self, instant: Instant) -> exp.Expr:
        """Placeholder for an instant as a TIMESTAMP in UTC."""
        return self._placeholder(to_datetime(instant).replace(tzinfo=None), instant)

    def of(self, query: exp.Expr) -> dict[str, object]:
        """The values that a query has placeholders for; a condition that is never true may have lost its own."""
        used = {one.name for one in query.find_all(exp.Placeholder)}
        return {name: value for name, value in self.parameters.items() if name in used}

    def _placeholder(self, value: object, identity: object) -> exp.Expr:
        key = (type(value), identity)
        name = self._names.setdefault(key, f"p{len(self._names)}")
        self.parameters[name] = value
        return exp.Placeholder(this=name)
