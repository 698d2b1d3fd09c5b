"""Does the data hold the events, properties and traits that the definition names."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.segments.catalog import unknown_names
from shoal.segments.lint.finding import Check, Scene, Sight


def _look(scene: Scene) -> Iterator[Sight]:
    for subject in scene.subjects:
        found = {error.message: error for error in reversed(list(unknown_names(subject.node, scene.catalog)))}
        for error in reversed(found.values()):
            yield Sight(subject, error.where or "$", error.message, error.fix or "Import data that has it.")


CHECK = Check("names", "error", "Does the data hold every event, property and trait that it names?", _look)
