"""Definitions as sentences: the grammar, assembled from the kinds, and its errors in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from shoal.core.errors import UserError, require
from shoal.segments import filters, local, operators, streams, times, windows
from shoal.segments.bare_words import refuse_bare_words
from shoal.segments.clauses import ByPerson
from shoal.segments.comparison import Comparison
from shoal.segments.json_form import check_depth
from shoal.segments.kinds import KINDS
from shoal.segments.nodes import Node
from shoal.segments.sentence_errors import explained
from shoal.segments.values import SMALLER, Number, check_number, split_path
from shoal.segments.wording import NAME

_TERMINALS = rf"""
?start: definition
?leaf: {" | ".join(rule for kind in KINDS for rule in kind.rules)}
text: STRING
word: NAME | STRING
value: STRING -> text
    | NAME -> bare_text
    | NUMBER -> number
    | "true" -> true
    | "false" -> false
values: "(" value ("," value)* ")"
number: NUMBER
whole: NUMBER
negated: "not"
NAME: /{NAME}/i
STRING: /"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/s
NUMBER: /-?\d+(\.\d+)?([eE][+-]?\d+)?/
DATE.4: /\d{{4}}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{{1,9}})?)?(Z|[+-]\d\d:\d\d)?)?/
DURATION.3: /\d+(\.\d+)?\s*(seconds?|minutes?|hours?|days?|weeks?|[smhdw])\b/i
UNIT.2: /(second|minute|hour|day|week)\b/i
NOUN.2: /({"|".join(streams.NOUNS)})\b/i
_TIMES.2: /times?\b/i
%ignore /\s+/
"""

_KEYWORD = r'"([a-z]+)"'


def grammar_text() -> str:
    """The whole grammar for Lark: terminals, shared rules, and each kind's own."""
    shared = (windows, times, streams, filters, local, operators)
    parts = [_TERMINALS, *(one.GRAMMAR for one in shared), *(kind.grammar for kind in KINDS)]
    return _ignoring_case("\n".join(parts))


def _ignoring_case(grammar: str) -> str:
    return re.sub(_KEYWORD, r'"\1"i', grammar)


@lru_cache(maxsize=1)
def grammar() -> Lark:
    """The parser, built once."""
    return Lark(grammar_text(), parser="lalr", propagate_positions=True, maybe_placeholders=False)


def parse(text: str) -> Node:
    """The node of a sentence.

    >>> parse('did "Order Completed" at least 2 times in the last 30 days').to_data()
    {'did': 'Order Completed', 'times': {'at_least': 2}, 'when': {'last': '30d'}}

    Raises UserError `sentence_syntax` or `incomplete_condition` with line:column and what was expected, and
    the errors of the nodes themselves with the place of the condition.
    """
    fix = "Give a text; `shoal.Workspace` takes the JSON form as it is."
    require(isinstance(text, str), "bad_sentence", f"{type(text).__name__} is no sentence.", fix=fix)
    try:
        tree = grammar().parse(text)
    except UnexpectedInput as error:
        raise explained(error, text) from None
    refuse_bare_words(tree)
    node = _build(tree, 0)
    assert isinstance(node, Node)
    return node


def english(node: Node) -> str:
    """The sentence of a node; `parse(english(node)) == node`."""
    return node.english()


def _build(tree: object, depth: int) -> Any:
    if not isinstance(tree, Tree):
        return tree
    rule = str(tree.data)
    check_depth(depth - _LEAF_DEPTH, _place(tree) or "1:1")
    children = [_build(child, depth + 1) for child in tree.children]
    try:
        return BUILD[rule](*children)
    except UserError as error:
        error.where = error.where or _place(tree)
        raise


def _place(tree: Tree[Token]) -> str | None:
    return None if tree.meta.empty else f"{tree.meta.line}:{tree.meta.column}"


_LEAF_DEPTH = 6  # levels of the parse tree within one condition
_LONGEST = 40  # signs of a number that a message repeats


def _text(token: Token) -> str:
    """The text between quotes, with JSON's escapes; single quotes serve as well."""
    inner = token[1:-1]
    if token[0] == "'":
        inner = re.sub(r"\\.|\"", _requoted, inner, flags=re.DOTALL)
    try:
        return str(json.loads(f'"{inner}"', strict=False))
    except ValueError:
        place = f"{token.line}:{token.column}"
        fix = 'Write \\\\ for a backslash and \\" for a quote.'
        raise UserError(
            "bad_value", "The text has an unknown escape after a backslash.", where=place, fix=fix
        ) from None


def _requoted(found: re.Match[str]) -> str:
    return {'"': '\\"', "\\'": "'"}.get(found[0], found[0])


def _word(token: Token) -> str:
    return _text(token) if token.type == "STRING" else str(token)


def _number(token: Token) -> Number:
    broken = any(sign in token for sign in ".eE")
    try:
        return check_number(float(token) if broken else int(token))
    except (UserError, ValueError):  # int() refuses thousands of digits
        raise UserError("bad_value", f"{_shortened(token)} is too large a number.", fix=SMALLER) from None


def _shortened(token: str) -> str:
    return token if len(token) <= _LONGEST else f"{token[:_LONGEST]}…"


def _comparison(operator: str) -> Callable[..., Comparison]:
    if operator == "is_set":
        return lambda *negated: Comparison(operator, not negated)
    return lambda operand: Comparison(operator, operand)


def _whole(token: Token) -> int:
    number = _number(token)
    if isinstance(number, float):
        raise UserError("bad_times", f"{token} is not a whole number.", fix="Write a whole number, 0 or more.")
    return number


BUILD: Mapping[str, Callable[..., Any]] = {
    "text": _text,
    "word": _word,
    "number": _number,
    "whole": _whole,
    "true": lambda: True,
    "false": lambda: False,
    "values": lambda *values: values,
    "negated": lambda: "not",
    "counted_noun": lambda token: streams.NOUNS[token.casefold()],
    "counted_event": _text,
    "property": lambda token: split_path(_word(token)),
    "by_person": ByPerson,
    **filters.BUILD,
    **windows.BUILD,
    **times.BUILD,
    **local.BUILD,
    **operators.BUILD,
    **{f"test_{operator}": _comparison(operator) for operator in operators.OPERATORS},
    **{rule: build for kind in KINDS for rule, build in kind.build.items()},
}
"""What each rule of the grammar builds from its parts."""
