"""The line of a file that a finding is about."""

from __future__ import annotations

import re
from functools import lru_cache

import yaml

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def line_of(text: str, place: str) -> int:
    """The line, from 1, of a key (`goal`) or of a part of the definition (`$.all[0]`); 1 where there is none.

    A definition written as a sentence has the line of its key.

    >>> line_of("name: a\\nwhen:\\n  all:\\n    - did: Visit\\n    - did: Order\\n", "$.all[1]")
    5
    >>> line_of("name: a\\nwhen: did Visit\\n", "$.all[1]"), line_of("name: a\\n", "goal")
    (2, 1)
    """
    way = f"when{place[1:]}" if place.startswith("$") else place
    node, line = _composed(text), 0
    for name, number in _STEP.findall(way):
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == name), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and number and int(number) < len(node.value):
            node = node.value[int(number)]
            line = node.start_mark.line
        else:
            break
    return line + 1


@lru_cache(maxsize=8)
def _composed(text: str) -> yaml.Node | None:
    return yaml.compose(text, yaml.BaseLoader)
