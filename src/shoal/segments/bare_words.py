"""Words without quotes where a value stands: refused, for as texts they would match everybody or nobody."""

from __future__ import annotations

from collections.abc import Iterator

from lark import Token, Tree

from shoal.core.errors import UserError
from shoal.segments.operators.words import quoted

RULE = "bare_text"
"""The rule of the grammar that reads such a word."""

FOR_NOTHING = frozenset(("empty", "missing", "unset", "blank", "none", "null", "unknown"))
"""Words by which people ask whether there is a value at all."""

ASK_FOR_NOTHING = "To ask whether there is a value, write "

_OPPOSITES = {"test_is": "is not set", "test_is_not": "is set"}
_OVER_TIME = {"is not set": "has not been set", "is set": "has been set"}


def refuse_bare_words(tree: Tree[Token]) -> None:
    """Raise UserError `bad_value` at the first word that stands for a value without quotes.

    >>> from shoal.segments.sentence import parse
    >>> parse("plan is trial")
    Traceback (most recent call last):
    ...
    shoal.core.errors.UserError: trial is no value without quotes. Where: 1:9. Fix: Write "trial" in quotes.
    """
    for whole in _subtrees(tree):
        for test in _parts(whole):
            for value in _parts(test):
                if value.data == RULE:
                    raise _refused(value.children[0], str(test.data), whole)


def _parts(tree: Tree[Token]) -> list[Tree[Token]]:
    return [part for part in tree.children if isinstance(part, Tree)]


def _subtrees(tree: Tree[Token]) -> Iterator[Tree[Token]]:
    """The tree and all trees in it, in the order of the sentence."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += reversed(_parts(one))


def _refused(word: Tree[Token] | Token, test: str, whole: Tree[Token]) -> UserError:
    assert isinstance(word, Token)
    fix = f"Write {quoted(word)} in quotes."
    if word.casefold() in FOR_NOTHING and test in _OPPOSITES:
        asked = f"{_subject(whole)}{_asked(test, over_time=whole.data == 'has_been')}"
        fix = f"{ASK_FOR_NOTHING}{asked}; if {quoted(word)} is the value, put it in quotes."
    place = f"{word.line}:{word.column}"
    return UserError("bad_value", f"{word} is no value without quotes.", where=place, fix=fix)


def _asked(test: str, *, over_time: bool) -> str:
    words = _OPPOSITES[test]
    return _OVER_TIME[words] if over_time else words


def _subject(whole: Tree[Token]) -> str:
    """The trait or property that is compared, with a blank; nothing for all else."""
    first = whole.children[0]
    name = first.children[0] if isinstance(first, Tree) and len(first.children) == 1 else first
    if whole.data not in ("trait", "filter", "has_been") or not isinstance(name, Token):
        return ""
    return f"trait {name} " if name.type == "STRING" and whole.data != "filter" else f"{name} "
