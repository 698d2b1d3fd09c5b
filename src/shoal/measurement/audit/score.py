"""One score from 0 to 100, with its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shoal.measurement.audit.model import Finding, Loss


def losses(findings: Iterable[Finding], source: str | None) -> tuple[Loss, ...]:
    """What each check takes from the source (None: from the list as a whole), most points first.

    A check counts once, with its worst finding: ten missing traits are one weakness, not ten.
    """
    worst: dict[str, Finding] = {}
    for finding in findings:
        concerned = source in finding.sources if source is not None else not finding.sources
        if concerned and finding.points > worst.get(finding.check, finding).points - (finding.check not in worst):
            worst[finding.check] = finding
    found = (Loss(finding.check, finding.points, finding.sentence) for finding in worst.values() if finding.points > 0)
    return tuple(sorted(found, key=lambda loss: (-loss.points, loss.check)))


def score(lost: Iterable[Loss]) -> float:
    """100 less the points lost, and never below 0.

    >>> score([Loss("stale_sync", 20.0, ""), Loss("missing_days", 2.5, "")])
    77.5
    """
    return max(0.0, round(100 - sum(loss.points for loss in lost), 1))


def worst(scores: Mapping[str, float]) -> tuple[str, ...]:
    """The sources with the lowest score, as it is shown; none where all have the same, or there is one only.

    >>> worst({"crm": 80.2, "web": 79.9, "shop": 97.0}), worst({"crm": 100.0, "web": 100.0})
    (('crm', 'web'), ())
    """
    shown = {name: round(score) for name, score in scores.items()}
    lowest = [name for name, score in shown.items() if score == min(shown.values())]
    return tuple(lowest) if len(lowest) < len(shown) else ()


def whole_score(scores: Sequence[tuple[float, int]], lost: Iterable[Loss]) -> float | None:
    """Mean of (score, records) pairs weighted by records, less the list's own losses; None without records.

    >>> whole_score([(80.0, 3), (40.0, 1)], [])
    70.0
    """
    records = sum(weight for _, weight in scores)
    if not records:
        return None
    mean = sum(value * weight for value, weight in scores) / records
    return max(0.0, round(mean - sum(loss.points for loss in lost), 1))
