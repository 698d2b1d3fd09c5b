"""Has each segment content of its own (guide, step 5: no content, no launch)."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.segments.lint.finding import Check, Scene, Sight

_FIX = "Add content: with knows, pain, objection, proof and next_action, one sentence each."


def _look(scene: Scene) -> Iterator[Sight]:
    for subject in scene.subjects:
        if subject.segment is not None and subject.segment.content is None:
            yield Sight(subject, "content", "The segment has no content brief: what would it be sent?", _FIX)


CHECK = Check("content", "warning", "Does it say what its members are sent?", _look)
