"""How many opens and clicks machines made, and what gives them away."""

from __future__ import annotations

from typing import Final, Literal

from shoal.measurement.audit.evidence import Evidence
from shoal.measurement.audit.model import MachineEstimate

REASONS: Final[dict[str, str]] = {
    "marked": "marked as a machine by the source",
    "by_agent": "with the user agent of a known proxy or scanner",
    "fast": "within 5 seconds of delivery",
    "burst": "following 3 or more different links of one message within 10 seconds",
}
"""Column of `audit_touches` to what it means. Times that are whole minutes are too coarse for the last two."""

COARSE: Final = 0.9
"""A source with this share of its opens and clicks on whole minutes is not judged by speed."""


def machine_sql() -> str:
    """SQL condition on `audit_touches`: somebody unmarked who looks like a machine."""
    precise = (
        "source NOT IN (SELECT source FROM audit_touches GROUP BY source"
        f' HAVING avg((epoch_ms("at") % 60000 = 0)::INT) > {COARSE})'
    )
    return f"(by_agent OR ((fast OR burst) AND {precise}))"


def machine_estimates(evidence: Evidence) -> tuple[MachineEstimate, ...]:
    """Opens, then clicks, over the whole list; kinds without any event are left out."""
    looks = machine_sql()
    counts = ", ".join(
        f"count(*) FILTER ({column} AND (marked OR {looks}))" if column != "marked" else "count(*) FILTER (marked)"
        for column in REASONS
    )
    found = []
    for is_open, total, machine, *reasons in evidence.rows(
        f"""SELECT is_open, count(*), count(*) FILTER (marked OR {looks}), {counts}
            FROM audit_touches GROUP BY is_open ORDER BY is_open DESC"""
    ):
        kind: Literal["opens", "clicks"] = "opens" if is_open else "clicks"
        by_reason = {REASONS[column]: count for column, count in zip(REASONS, reasons, strict=True) if count}
        found.append(MachineEstimate(kind, total, machine, reasons[0], by_reason))
    return tuple(found)
