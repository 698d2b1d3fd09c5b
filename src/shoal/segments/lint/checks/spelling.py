"""Is a text compared with one that nobody has."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from shoal.segments.lint.finding import Asked, Check, Known, Scene, Sight
from shoal.segments.lint.texts import asked_texts
from shoal.segments.operators.words import quoted
from shoal.segments.values import join_path

_CLOSE = 0.6  # of 1: how alike two spellings are at least


def _look(scene: Scene) -> Iterator[Sight]:
    for subject in scene.subjects:
        for place, asked in asked_texts(subject.node):
            if asked in scene.figures.never:
                message = f"{_named(asked)} is never {quoted(asked.value)} in the data."
                known = scene.figures.never[asked]
                yield Sight(subject, place, message, _fix(asked, known), 0)


def _named(asked: Asked) -> str:
    name = join_path(asked.path)
    return f"{name} of {quoted(asked.event)}" if asked.event else name


def _fix(asked: Asked, known: Sequence[Known]) -> str:
    found = nearest_value(asked.value, known)
    if found is not None:
        return f"Did you mean {quoted(found.text)} ({found.people:,} people)?"
    if not known:
        return "Check the value."
    return f"The most frequent are {', '.join(quoted(one.text) for one in known[:5])}."


def nearest_value(text: str, known: Sequence[Known]) -> Known | None:
    """Of the few values most alike, the one that most people have; None where none is alike.

    >>> nearest_value("trail", (Known("paid", 9), Known("trial", 5), Known("Trail!", 1)))
    Known(text='trial', people=5)
    """
    folded: dict[str, Known] = {}
    for one in sorted(known, key=lambda one: one.people):
        folded[one.text.casefold()] = one
    close = difflib.get_close_matches(text.casefold(), folded, n=3, cutoff=_CLOSE)
    return max((folded[one] for one in close), key=lambda one: one.people, default=None)


CHECK = Check("spelling", "warning", "Has somebody each text that it compares with?", _look)
