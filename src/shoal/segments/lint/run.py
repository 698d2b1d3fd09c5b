"""All checks, one after the other."""

from __future__ import annotations

from shoal.segments.lint.checks import CHECKS
from shoal.segments.lint.finding import SEVERITIES, Check, Finding, Scene, Severity, Sight
from shoal.segments.lint.lines import line_of


def lint(scene: Scene) -> tuple[Finding, ...]:
    """What the checks find: by segment in the scene's order, the segments as a whole last, the loudest first."""
    order = {subject.name: place for place, subject in enumerate(scene.subjects)}

    def rank(seen: tuple[Check, Sight]) -> tuple[int, int]:
        subject = seen[1].subject
        return order[subject.name] if subject else len(order), SEVERITIES.index(_severity(*seen))

    seen = [(check, sight) for check in CHECKS for sight in check.look(scene)]
    return tuple(_finding(check, sight) for check, sight in sorted(seen, key=rank))


def _severity(check: Check, sight: Sight) -> Severity:
    return sight.severity or check.severity


def _finding(check: Check, sight: Sight) -> Finding:
    subject = sight.subject
    line = line_of(subject.text, sight.place) if subject and subject.file and subject.text else None
    return Finding(
        check=check.name,
        severity=_severity(check, sight),
        segment=subject.name if subject else None,
        place=sight.place,
        message=sight.message,
        fix=sight.fix,
        people=sight.people,
        file=subject.file if subject else None,
        line=line,
    )
