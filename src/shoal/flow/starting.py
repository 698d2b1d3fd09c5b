"""A starter as a file of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shoal.core.disk import make_folder
from shoal.core.errors import require
from shoal.core.failures import replacing
from shoal.flow.home import Opened
from shoal.segments.files import Segment, load_segments, to_yaml
from shoal.segments.library import starter, starters
from shoal.segments.templates import slug


def add_starter(opened: Opened, name: str, values: Mapping[str, str], rename: str = "") -> tuple[Segment, Path]:
    """Write a starter into the workspace's folder of segments, a template with its blanks filled; never over a file.

    Raises UserError `unknown_starter`, `unknown_parameter`, `incomplete_segment`, `bad_value`, `duplicate_segment` and
    the errors of the files that are there.
    """
    made = starter(name, values, rename)
    folder = opened.home.segments
    make_folder(folder)
    file = folder / f"{slug(made.name) or 'segment'}.yaml"
    there = made.name in load_segments(folder, starters()) or file.exists()
    fix = "Give another name with --name, or edit the file that is there."
    require(not there, "duplicate_segment", f"There is a file for {made.name!r} already.", where=str(file), fix=fix)
    with replacing(file) as place:
        place.write_text(to_yaml(made), encoding="utf-8")
    return made, file
