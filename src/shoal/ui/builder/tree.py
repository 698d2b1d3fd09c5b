"""The tree that is edited: groups of rows. Unlike a definition it may be unfinished for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal, TypeAlias

from shoal.core.errors import UserError
from shoal.segments.kinds.anonymous import IncludingAnonymous
from shoal.segments.kinds.groups import All, Either, Neither, Not
from shoal.segments.nodes import Node
from shoal.segments.sentence import english, parse

Join = Literal["all", "any", "none"]

_KINDS: Mapping[Join, Callable[[tuple[Node, ...]], Node]] = {"all": All, "any": Either, "none": Neither}
_ids = count(1)


@dataclass(frozen=True, slots=True)
class Row:
    """One condition as its sentence."""

    id: int
    sentence: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Parts of which all, any or none have to hold; an empty one is unfinished."""

    id: int
    join: Join = "all"
    parts: tuple[Part, ...] = ()
    negated: bool = False


Part: TypeAlias = Row | Group


@dataclass(frozen=True, slots=True)
class Tree:
    """A whole definition."""

    root: Group
    anonymous: bool = False  # whether visitors whom nobody has identified may be members, too


@dataclass(frozen=True, slots=True)
class Built:
    """A tree read as a definition."""

    node: Node | None  # None: it is unfinished, or has an error
    places: Mapping[int, str]  # of each part in the JSON form
    errors: Mapping[int, UserError]  # by part


def fresh() -> int:
    """An id that no part has."""
    return next(_ids)


def empty() -> Tree:
    """A tree to begin with."""
    return Tree(Group(next(_ids)))


def row(sentence: str) -> Part:
    """The part that a sentence makes: a row, or a group where it says and, or, not.

    Raises UserError as `parse` does.
    """
    return _part(parse(sentence))


def of(node: Node) -> Tree:
    """The tree of a definition."""
    anonymous = isinstance(node, IncludingAnonymous)
    part = _part(node.part if isinstance(node, IncludingAnonymous) else node)
    root = part if isinstance(part, Group) and not part.negated else Group(next(_ids), "all", (part,))
    return Tree(root, anonymous)


def built(tree: Tree) -> Built:
    """The definition of a tree; an unfinished part is an error at its place, never "everyone"."""
    places: dict[int, str] = {}
    errors: dict[int, UserError] = {}
    start = "including_anonymous" if tree.anonymous else ""
    node = _node(tree.root, start, places, errors)
    if node is not None and tree.anonymous:
        node = IncludingAnonymous(node)
    return Built(None if errors else node, places, errors)


def parts(part: Part) -> Iterator[Part]:
    """A part and all within it."""
    yield part
    for each in part.parts if isinstance(part, Group) else ():
        yield from parts(each)


def added(tree: Tree, group: int, part: Part) -> Tree:
    """With a part at the end of a group."""
    return _edited(tree, group, lambda one: replace(one, parts=(*one.parts, part)) if isinstance(one, Group) else one)


def put(tree: Tree, id: int, part: Part) -> Tree:
    """With another part in a place."""
    return _edited(tree, id, lambda _: part)


def removed(tree: Tree, id: int) -> Tree:
    """Without a part; a root can't be removed, and is emptied."""
    return (
        Tree(replace(tree.root, parts=()), tree.anonymous) if id == tree.root.id else _edited(tree, id, lambda _: None)
    )


def joined(tree: Tree, id: int, join: Join) -> Tree:
    """With a group whose parts are joined otherwise."""
    return _edited(tree, id, lambda one: replace(one, join=join) if isinstance(one, Group) else one)


def turned(tree: Tree, id: int) -> Tree:
    """With the opposite of a part; that of the root is a group within it."""
    if id == tree.root.id:
        return Tree(Group(next(_ids), "all", (replace(tree.root, negated=True),)), tree.anonymous)
    return _edited(tree, id, lambda one: replace(one, negated=not one.negated))


def wrapped(tree: Tree, id: int) -> Tree:
    """With a part in a group of its own, where the other choice of joining makes a difference."""
    above = _above(tree.root, id)
    join: Join = "any" if above is None or above.join == "all" else "all"
    if above is None:
        return Tree(Group(next(_ids), "all", (tree.root,)), tree.anonymous)
    return _edited(tree, id, lambda one: Group(next(_ids), join, (one,)))


def moved(tree: Tree, id: int, step: int) -> Tree:
    """With a part some places on among those beside it; beyond the ends it leaves its group, upwards."""
    above = _above(tree.root, id)
    if above is None:
        return tree
    beside = list(above.parts)
    place = next(number for number, one in enumerate(beside) if one.id == id)
    part = beside.pop(place)
    if 0 <= place + step <= len(beside):
        beside.insert(place + step, part)
        return put(tree, above.id, replace(above, parts=tuple(beside)))
    return _moved_out(tree, above, part, after=step > 0)


def _moved_out(tree: Tree, group: Group, part: Part, *, after: bool) -> Tree:
    above = _above(tree.root, group.id)
    if above is None:
        return tree
    left = replace(group, parts=tuple(one for one in group.parts if one.id != part.id))
    stays = (left,) if left.parts else ()
    both = (*stays, part) if after else (part, *stays)
    beside = tuple(each for one in above.parts for each in (both if one.id == group.id else (one,)))
    return put(tree, above.id, replace(above, parts=beside))


def _edited(tree: Tree, id: int, edit: Callable[[Part], Part | None]) -> Tree:
    root = _with(tree.root, id, edit)
    assert isinstance(root, Group), "the root stays a group"
    return Tree(root, tree.anonymous)


def _with(part: Part, id: int, edit: Callable[[Part], Part | None]) -> Part | None:
    if part.id == id:
        return edit(part)
    if isinstance(part, Row):
        return part
    return replace(part, parts=tuple(found for one in part.parts if (found := _with(one, id, edit)) is not None))


def _above(group: Group, id: int) -> Group | None:
    if any(one.id == id for one in group.parts):
        return group
    found = (_above(one, id) for one in group.parts if isinstance(one, Group))
    return next((one for one in found if one is not None), None)


def _part(node: Node) -> Part:
    match node:
        case All(parts=inner):
            return Group(next(_ids), "all", tuple(map(_part, inner)))
        case Either(parts=inner):
            return Group(next(_ids), "any", tuple(map(_part, inner)))
        case Neither(parts=inner):
            return Group(next(_ids), "none", tuple(map(_part, inner)))
        case Not(part=inside):
            part = _part(inside)
            return replace(part, negated=True) if not part.negated else Group(next(_ids), "none", (part,))
        case _:
            return Row(next(_ids), english(node))


def _node(part: Part, place: str, places: dict[int, str], errors: dict[int, UserError]) -> Node | None:
    """The node of a part; None where it has an error, which is noted."""
    places[part.id] = place
    inside = _below(place, "not") if part.negated else place
    try:
        node = _leaf(part) if isinstance(part, Row) else _group(part, inside, places, errors)
    except UserError as error:
        errors[part.id] = error
        return None
    return Not(node) if node is not None and part.negated else node


def _leaf(part: Row) -> Node:
    return parse(part.sentence)


def _group(part: Group, place: str, places: dict[int, str], errors: dict[int, UserError]) -> Node | None:
    """A group of one part is that part."""
    if not part.parts:
        raise UserError("incomplete_condition", "This group is empty.", fix="Add a condition, or remove the group.")
    if len(part.parts) == 1 and part.join != "none":
        return _node(part.parts[0], place, places, errors)
    nodes = [
        _node(one, _below(place, f"{part.join}[{number}]"), places, errors) for number, one in enumerate(part.parts)
    ]
    return None if None in nodes else _KINDS[part.join](tuple(one for one in nodes if one is not None))


def _below(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
