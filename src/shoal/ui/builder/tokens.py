"""The words of a sentence that may be changed in their place, found by the grammar that reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lark import Token as Word
from lark import Tree as Read

from shoal.segments.sentence import grammar
from shoal.segments.streams import NOUNS

Branch = Read[Word]


@dataclass(frozen=True, slots=True)
class Token:
    """Some words of a sentence, and what may stand there."""

    start: int
    end: int
    kind: str  # "event", "trait", "property", "value", "test", "times", "window", "number", "length", …
    rule: str = ""  # of the grammar
    event: str = ""  # whose property it is, or whose is compared
    about: str = ""  # the property or trait that a value is compared with
    clause: tuple[int, int] | None = None  # what goes where it is taken out; None: it can't be
    whole: int = 0  # where the comparison ends whose first words it is; 0: it is none

    def words(self, sentence: str) -> str:
        """The words themselves."""
        return sentence[self.start : self.end]


def tokens(sentence: str) -> list[Token]:
    """All of a condition's, in order; none where it can't be read."""
    read = (_tight(one, sentence) for one in _of(grammar().parse(sentence), _Scene()))
    found = sorted(read, key=lambda one: (one.start, -one.end))
    kept: list[Token] = []
    for one in found:
        if one.end > one.start and (not kept or one.start >= kept[-1].end):
            kept.append(one)
    return kept


@dataclass(frozen=True, slots=True)
class _Scene:
    """What stands around a part of a sentence."""

    rule: str = ""
    event: str = ""
    about: str = ""
    nth: int = 0  # among the names of its rule
    clause: tuple[int, int] | None = None


_PHRASES = {"window": "window", "days": "window", "times": "times"}
"""Kinds of what is changed as a whole, by the beginning of the rule's name."""

_WHOLE = {"by_person": "person", "weekdays": "weekdays", "named_weekdays": "weekdays", "hours": "hours"}
"""The same, by the rule's name."""

_BEFORE = ("test_", "been_", "bound_", "periods_")
"""Rules whose words before the operand are changed by themselves."""

_CLAUSES = (
    "filter", "then_event", "step_gap", "in_between", "absence", "absence_ever", "change_from", "change_to", "lapse",
    "per",
)  # fmt: skip

_CHOICES = (
    "at_most", "at_least", "more_than", "less_than", "above", "below", "latest", "first", "function_sum",
    "function_average", "function_minimum", "function_maximum", "function_distinct", "share_top", "share_bottom",
    "distance_km", "distance_miles", "half",
)  # fmt: skip

_EVENTS = (
    "did", "never_did", "has_not_done", "done_event", "first_did", "last_did", "end_says", "regular", "sequence",
    "then_event", "unwanted", "counted_event", "often", "per", "summary",
)  # fmt: skip

_WORDS: dict[str, tuple[str, ...]] = {
    "trait": ("trait",),
    "has_been": ("trait",),
    "changed": ("trait",),
    "birthday_today": ("trait",),
    "birthday_next": ("trait",),
    "birthday_last": ("trait",),
    "anniversary_today": ("trait",),
    "anniversary_next": ("trait",),
    "anniversary_last": ("trait",),
    "by_trait": ("trait",),
    "bare_trait": ("trait",),
    "score": ("score",),
    "by_score": ("score",),
    "in_cluster": ("cluster",),
    "in_arm": ("arm", "experiment"),
    "member": ("segment",),
    "on_list": ("list",),
    "imported": ("source",),
    "country_group": ("country_group",),
    "can_receive": ("channel", "purpose"),
    "consent": ("channel", "purpose"),
    "opted_in": ("channel", "purpose", "method"),
    "ever_opted_in": ("channel", "purpose"),
    "never_opted_in": ("channel", "purpose"),
    "suppressed": ("channel",),
}
"""What the names of a rule name, in order."""


def _of(tree: Branch, scene: _Scene) -> Iterator[Token]:
    rule, span = str(tree.data), (tree.meta.start_pos, tree.meta.end_pos)
    phrase = _WHOLE.get(rule) or _PHRASES.get(rule.partition("_")[0])
    if phrase is not None:
        yield Token(*span, phrase, rule, clause=None if rule == "named_weekdays" else span)
        return
    if rule in _CHOICES:
        yield Token(*span, "choice", rule)
        return
    if rule in ("text", "bare_text", "number", "true", "false", "whole", "duration", "date", "property", "word"):
        yield _operand(rule, span, scene)
        return
    if rule.startswith(_BEFORE):
        yield from _before(tree, rule, span, scene)
    inner = _inner(tree, rule, span, scene)
    names = 0
    for child in tree.children:
        if isinstance(child, Word):
            found = _word(child, replace(inner, nth=names))
            names += child.type == "NAME"
            if found is not None:
                yield found
        else:
            yield from _of(child, replace(inner, nth=names))
            names += str(child.data) == "word"


def _inner(tree: Branch, rule: str, span: tuple[int, int], scene: _Scene) -> _Scene:
    """What stands around the parts of this one."""
    event = next((_named(one) for one in tree.children if _is(one, "text")), "") if rule in _EVENTS else ""
    counted = next((one for one in tree.children if _is(one, "counted_event", "counted_noun")), None)
    if isinstance(counted, Read):
        event = _counted(counted)
    about = next((_named(one) for one in tree.children if _is(one, "property", "word") or _is_name(one)), "")
    clause = span if rule in _CLAUSES else scene.clause
    operators = rule.startswith(_BEFORE) or rule == "values"
    return _Scene(
        scene.rule if operators else rule, event or scene.event, scene.about if operators else about, 0, clause
    )


def _before(tree: Branch, rule: str, span: tuple[int, int], scene: _Scene) -> Iterator[Token]:
    first = next((one for one in tree.children), None)
    end = span[1]
    if isinstance(first, Word):
        end = first.start_pos or end
    elif first is not None and not first.meta.empty:
        end = first.meta.start_pos
    kind = rule.partition("_")[0]
    yield Token(span[0], end, kind, rule, scene.event, scene.about, scene.clause, span[1])


def _tight(token: Token, sentence: str) -> Token:
    """Without the blank before what follows."""
    return replace(token, end=token.start + len(token.words(sentence).rstrip()))


_OPERANDS = {"property": "property", "duration": "length", "date": "date", "number": "number", "whole": "number"}


def _operand(rule: str, span: tuple[int, int], scene: _Scene) -> Token:
    if rule == "word":
        kinds = _WORDS.get(scene.rule, ("text",))
        return Token(*span, kinds[min(scene.nth, len(kinds) - 1)], rule)
    kind = _OPERANDS.get(rule)
    if kind is None and rule == "text":
        kind = "event" if scene.rule in _EVENTS else "text" if scene.rule in _TEXTS else None
    kind = kind or ("state" if scene.rule == "consent" else "value")
    return Token(*span, kind, rule, scene.event, scene.about, scene.clause)


_TEXTS = ("in_bucket", "in_buckets")


def _word(word: Word, scene: _Scene) -> Token | None:
    assert word.start_pos is not None
    assert word.end_pos is not None
    span = (word.start_pos, word.end_pos)
    match word.type:
        case "NOUN" | "DEED":
            return Token(*span, word.type.lower(), word.type)
        case "STRING" if scene.rule in _EVENTS:
            return Token(*span, "event", word.type, clause=scene.clause)
        case "NAME" if scene.rule in _WORDS:
            kinds = _WORDS[scene.rule]
            return Token(*span, kinds[min(scene.nth, len(kinds) - 1)], scene.rule)
        case "NUMBER":
            return Token(*span, "number", word.type)
        case "DURATION" | "UNIT":
            return Token(*span, "length", word.type)
        case _:
            return None


def _is(one: Branch | Word, *rules: str) -> bool:
    return isinstance(one, Read) and str(one.data) in rules


def _is_name(one: Branch | Word) -> bool:
    return isinstance(one, Word) and one.type == "NAME"


def _named(one: Branch | Word) -> str:
    """A name as it is meant; sentences of definitions quote as JSON does."""
    word = str(one if isinstance(one, Word) else one.children[0])
    return str(json.loads(word)) if word.startswith('"') else word


def _counted(tree: Branch) -> str:
    said = _named(tree)
    return NOUNS.get(said.casefold(), said)
