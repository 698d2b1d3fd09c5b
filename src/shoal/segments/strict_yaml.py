"""YAML without its surprises: no dates, no `no` for false, no aliases, no key twice."""

from __future__ import annotations

import re
from typing import Any

import yaml

from shoal.core.errors import UserError

_KEPT = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:null")
_NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$"


class _StrictLoader(yaml.SafeLoader):
    """Only JSON's values; everything else is text."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "aliases are not supported", self.get_mark())
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_StrictLoader.yaml_implicit_resolvers = {}


def _resolve(tag: str, pattern: str, first: str) -> None:
    _StrictLoader.add_implicit_resolver(tag, re.compile(pattern), list(first))


_resolve(_KEPT[0], r"^(?:true|false)$", "tf")
_resolve(_KEPT[1], r"^-?(?:0|[1-9][0-9]*)$", "-0123456789")
_resolve(_KEPT[2], _NUMBER, "-0123456789")
_resolve(_KEPT[3], r"^(?:null|~|)$", "n~\0")
_StrictLoader.add_constructor(_KEPT[2], lambda _loader, node: float(node.value))


def read_yaml(text: str, where: str) -> Any:
    """The values of a YAML text; raises UserError `bad_yaml` with line and column.

    >>> read_yaml("country: NO\\nfrom: 2026-01-01\\nopen: [1, 0.5, true]", "a.yaml")
    {'country': 'NO', 'from': '2026-01-01', 'open': [1, 0.5, True]}
    """
    try:
        return yaml.load(text, _StrictLoader)  # noqa: S506  it is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
        raise UserError("bad_yaml", f"The YAML is broken: {error.problem}.", where=place, fix="Correct it.") from None
    except (yaml.YAMLError, RecursionError):
        raise UserError("bad_yaml", "The file is not YAML.", where=where, fix="Save it as UTF-8 text.") from None


class _Dumper(yaml.SafeDumper):
    """Long sentences folded, lists indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        return super().increase_indent(flow, False)


_UNUSUAL = re.compile("[\\r\\x85\\u2028\\u2029\\ufeff]")  # breaks that the plain styles would fold into blanks


def _written(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # "0E0" is a number to the strict reader, but plain text to the library's writer.
    quoted = _UNUSUAL.search(text) or re.match(_NUMBER, text)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if quoted else None)


_Dumper.add_representer(str, _written)


def write_yaml(values: Any) -> str:
    """YAML that `read_yaml` reads back."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
