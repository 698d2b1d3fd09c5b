"""What conditions keep, and why somebody is in or out: as rows that read as sentences."""

from __future__ import annotations

from shoal.core.time import Instant
from shoal.segments.explain import Explanation
from shoal.segments.sql.queries import Counts
from shoal.ui.parts import day_and_time, element, people, text


def waterfall(counts: Counts) -> None:
    """How many are left after each condition; where they are not in a row, how many each is true of."""
    _bar("Everybody on the list", counts.eligible, counts.eligible, "")
    steps = [each for each in counts.conditions if each.kept is not None]
    for each in steps:
        _bar(each.sentence, each.kept or 0, counts.eligible, f"true of {each.own:,}")
    if not steps:
        for each in counts.conditions:
            _bar(each.sentence, each.own, counts.eligible, "true of")
        _bar("All together", counts.members, counts.eligible, "")


def _bar(words: str, number: int, of: int, note: str) -> None:
    with element("div", "fall"):
        with element("div", "row fall-words"):
            text("span", words)
            text("span", f"{number:,}", "fall-number")
        share = 100 * number / of if of else 0
        with element("div", "fall-track"):
            element("div", "fall-fill").style(f"width: {share:.2f}%")
        if note:
            text("div", note, "d")


def explanation(found: Explanation, name: str) -> None:
    """Why somebody is in a segment or not, condition by condition, and the least that would turn it."""
    text("p", f"{'In' if found.holds else 'Not in'} {name}{_since(found.since)}.", "said")
    if found.changes_at is not None:
        turns = "Leaves" if found.holds else "Enters"
        text("p", f"{turns} on {day_and_time(found.changes_at)}, by time alone.", "sub")
    elif found.least is not None:
        turned = "To end that" if found.holds else "To become a member"
        text("p", f"{turned}: {found.least.words()}.", "sub")
    with element("ul", "why"):
        _reason(found)


def _reason(found: Explanation) -> None:
    with element("li", "yes" if found.holds else "no"):
        mark = "Yes: " if found.holds else "No: "
        text("span", mark, "unseen")
        text("span", found.sentence)
        if found.value is not None:
            needed = f", needs {found.needed}" if found.needed else ""
            text("div", f"is {found.value}{needed}{_since(found.since)}", "d")
        if found.parts:
            with element("ul", "why"):
                for part in found.parts:
                    _reason(part)


def _since(at: Instant | None) -> str:
    return "" if at is None else f" since {day_and_time(at)}"


def moved(entering: int, leaving: int) -> str:
    """Who would enter and leave, in words.

    >>> moved(41, 1), moved(0, 0)
    ('41 people would enter, 1 person would leave', 'nobody would enter or leave')
    """
    if not entering and not leaving:
        return "nobody would enter or leave"
    return f"{people(entering)} would enter, {people(leaving)} would leave"
