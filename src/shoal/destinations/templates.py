"""Small templates for requests: texts and JSON with names in braces, and nothing that could be run.

A text that is one name alone becomes the value itself, a list or null included; within other text it is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from shoal.core.errors import UserError, nearest, require

_DEEPEST = 20
_NAME = re.compile(r"\{([a-z_0-9]+)\}")


def names(template: Any) -> Iterator[str]:
    """The names that a template has, within lists and objects too.

    >>> sorted(names({"to": ["{email}", "a-{segment}"]}))
    ['email', 'segment']
    """
    match template:
        case str():
            yield from _NAME.findall(template)
        case Mapping():
            for key, value in template.items():
                yield from names(key)
                yield from names(value)
        case list():
            for each in template:
                yield from names(each)


def check_names(template: Any, known: Collection[str], where: str) -> None:
    """Raise UserError `bad_template` for a name that stands for nothing there, and for what is nested too deeply."""
    fix = f"Nest no more than {_DEEPEST} lists and objects."
    require(_is_shallow(template), "bad_template", "It is nested too deeply.", where=where, fix=fix)
    for name in names(template):
        if name not in known:
            fix = nearest(name, known) or f"Known here are {', '.join(sorted(known))}."
            raise UserError("bad_template", f"{{{name}}} stands for nothing here.", where=where, fix=fix)


def _is_shallow(template: Any) -> bool:
    level = [template]
    for _ in range(_DEEPEST):
        level = [part for each in level for part in _parts(each)]
    return not level


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def filled(template: Any, values: Mapping[str, Any], quoted: Callable[[str], str] = str) -> Any:
    """A template with values in the place of names; `quoted` writes those that stand within text.

    >>> filled({"to": "{email}", "n": ["{count}", "{count} in all"]}, {"email": None, "count": 2})
    {'to': None, 'n': [2, '2 in all']}
    """
    match template:
        case str():
            alone = _NAME.fullmatch(template)
            return values[alone[1]] if alone else text(template, values, quoted)
        case Mapping():
            return {text(key, values, quoted): filled(value, values, quoted) for key, value in template.items()}
        case list():
            return [filled(each, values, quoted) for each in template]
    return template


def text(template: str, values: Mapping[str, Any], quoted: Callable[[str], str] = str) -> str:
    """A text with values in it; none is ""."""
    return _NAME.sub(lambda found: quoted("" if values[found[1]] is None else str(values[found[1]])), template)
