"""What may stand in the place of some words: names that the data holds, usual numbers, and what is typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from shoal.core.errors import UserError
from shoal.segments.catalog import Catalog
from shoal.segments.operators.words import quoted
from shoal.segments.predictions import ARM, CLUSTER, SCORE
from shoal.segments.sentence import parse
from shoal.segments.wording import name_words
from shoal.ui.builder import phrases
from shoal.ui.builder.tokens import Token, tokens

MOST = 40
"""Proposals shown at a time: typing narrows them down."""

Values = Callable[[str, str], Sequence[str]]


def _no_values(_event: str, _about: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Names:
    """What the data holds: names, and the values that a property of an event or a trait (event "") has."""

    catalog: Catalog = field(default_factory=Catalog)
    values: Values = _no_values


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that may be chosen, and the sentence that it makes."""

    label: str
    sentence: str
    removes: bool = False


def suggest(sentence: str, token: Token, typed: str, names: Names) -> list[Choice]:
    """What may stand in a token's place, the likeliest first; all of them can be read."""
    found = _compared(sentence, token, typed.strip(), names) if token.kind == "test" else []
    for words in _unique(_words(token, token.words(sentence), typed.strip(), names)):
        made = _read(f"{sentence[: token.start]}{words}{sentence[token.end :]}")
        if made is not None:
            found.append(Choice(_label(words), made))
        if len(found) == MOST:
            break
    if not typed and token.clause is not None:
        left = without(sentence, token.clause)
        if left is not None:
            found.append(Choice("Leave it out", left, removes=True))
    return found


def without(sentence: str, clause: tuple[int, int]) -> str | None:
    """The sentence without a clause; None where it can't be read any more."""
    before, after = sentence[: clause[0]], sentence[clause[1] :]
    cut = re.sub(r"\s*(and where|where|and|or)\s*$", "", before)
    first_gone = re.sub(r"^\s*and where\b", "", after)
    for one in (f"{cut}{after}", f"{before}{first_gone}", f"{before}{after}"):
        made = _read(re.sub(r"\s+", " ", one).strip())
        if made is not None:
            return made
    return None


def clauses(sentence: str, names: Names) -> list[Choice]:
    """What may be added to a condition, each where it can be read."""
    places = [len(sentence), *(token.end for token in reversed(tokens(sentence)))]
    about = next((one.words(sentence) for one in tokens(sentence) if one.kind == "event"), "")
    event = about.strip('"')
    found = []
    for label, words in phrases.CLAUSES:
        filled = _filled(words, event, names.catalog)
        for place in places if filled else ():
            made = _read(f"{sentence[:place]} {filled}{sentence[place:]}")
            if made is not None and made != sentence:
                found.append(Choice(label, made))
                break
    return found


def _compared(sentence: str, token: Token, typed: str, names: Names) -> list[Choice]:
    """Other comparisons, each with what is compared with where that fits."""
    operand = re.sub(r"\s*(ago|from now)$", "", sentence[token.end : token.whole].strip())
    known = names.values(token.event, token.about)
    found: dict[str, str] = {}
    for called, words in phrases.comparisons(token.words(sentence), operand, typed, quoted(known[0]) if known else ""):
        made = None if called in found else _read(f"{sentence[: token.start]}{words}{sentence[token.whole :]}")
        if made is not None:
            found[called] = made
    return [Choice(called, made) for called, made in found.items()]


def _filled(words: str, event: str, catalog: Catalog) -> str:
    """A clause with names of the data; "" where there is none to put in."""
    properties = sorted(catalog.properties(event)) or sorted(catalog.properties("*"))
    others = [one for one in phrases.usual_events(catalog) if one != event]
    blanks = {
        "{property}": name_words(properties[0]) if properties else "",
        "{event}": quoted(others[0]) if others else "",
    }
    for blank, name in blanks.items():
        if blank in words:
            if not name:
                return ""
            words = words.replace(blank, name)
    return words


def _words(token: Token, now: str, typed: str, names: Names) -> Iterator[str]:
    """Words for a place, whether they can be read there or not."""
    catalog = names.catalog
    match token.kind:
        case "event":
            yield from map(quoted, _matching(phrases.usual_events(catalog), typed))
            yield from [quoted(typed)] if typed.endswith("*") else []
        case "trait":
            plain = sorted(one for one in catalog.traits if not one.startswith((SCORE, CLUSTER, ARM)))
            for name in map(name_words, _matching(plain, typed)):
                yield from [name, f"trait {name}"] if name.startswith('"') else [name]
        case "property":
            yield from map(name_words, _matching(sorted(catalog.properties(token.event)), typed))
            yield from [name_words(typed)] if "." in typed else []
        case "segment":
            yield from map(quoted, _matching(sorted(catalog.segments), typed))
        case "score" | "cluster" | "experiment":
            begin = {"score": SCORE, "cluster": CLUSTER, "experiment": ARM}[token.kind]
            there = sorted(one.removeprefix(begin) for one in catalog.traits if one.startswith(begin))
            yield from map(quoted, [*_matching(there, typed), *([typed] if typed else [])])
        case "value":
            yield from _values(typed, names.values(token.event, token.about))
        case "test":
            return
        case _:
            yield from phrases.of(token.kind, token.rule, now, typed)


def _values(typed: str, known: Sequence[str]) -> Iterator[str]:
    if typed:
        yield quoted(typed)
        if re.fullmatch(r"-?\d+(\.\d+)?|true|false", typed):
            yield typed
    yield from map(quoted, _matching(known, typed))
    yield from ("true", "false") if not typed and not known else ()


def _matching(names: Iterable[str], typed: str) -> list[str]:
    """Names that hold what is typed, those that begin with it first."""
    asked = typed.casefold()
    held = [one for one in names if asked in one.casefold()]
    return sorted(held, key=lambda one: not one.casefold().startswith(asked))[: 2 * MOST]


def _unique(words: Iterable[str]) -> Iterator[str]:
    yield from dict.fromkeys(words)


def _label(words: str) -> str:
    words = words.removeprefix("trait ")
    return words[1:-1] if words.startswith('"') and words.endswith('"') else words


def _read(sentence: str) -> str | None:
    """The sentence as definitions write it; None where it can't be read."""
    try:
        return parse(sentence).english()
    except UserError:
        return None
