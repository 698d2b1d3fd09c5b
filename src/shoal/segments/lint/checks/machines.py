"""Do opens and clicks by machines count as engagement."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.segments.lint.finding import Check, Scene, Sight, path_of
from shoal.segments.lint.leaves import counted, leaves
from shoal.segments.streams import Stream

ENGAGEMENT = ("Email Opened", "Email Link Clicked")
"""Events that mail programs and filters cause, too: they open pictures and follow links before anybody reads."""


def _look(scene: Scene) -> Iterator[Sight]:
    for subject in scene.subjects:
        for leaf in leaves(subject.node):
            streams = dict.fromkeys(stream for stream, _ in counted(leaf.node.lower()) if _counts_machines(stream))
            for stream in streams:
                message = f"{stream.event!r} counts opens and clicks by machines, too."
                yield Sight(subject, path_of(leaf.place), message, "Add: by a person.")


def _counts_machines(stream: Stream) -> bool:
    asked = stream.by_person or any(test.path == ("machine",) for one in stream.where for test in one.tests())
    return not asked and any(stream.named(event) for event in ENGAGEMENT)


CHECK = Check("machines", "warning", "Do opens and clicks count only where a person made them?", _look)
