"""The files that an import collects below a folder, without what workspaces in it keep for themselves."""

from __future__ import annotations

from pathlib import Path

from shoal.core.errors import UserError
from shoal.core.settings import Home
from shoal.ingest.recognise import Listed, list_files


def collect(path: Path) -> Listed:
    """The file itself, or the files of a folder with all below, as `list_files` has them.

    A workspace below the folder is left out; where the folder itself is one, only what Shoal wrote there is, so that
    exports may lie beside it. Raises UserError as `list_files` does.
    """
    listed = list_files(path)
    if not path.is_dir():
        return listed
    known: dict[Path, bool] = {}
    files, others = (
        tuple(file for file in some if not _is_kept(file, path, known)) for some in (listed.files, listed.others)
    )
    if not files:
        message = "The folder holds no CSV, JSONL or Parquet files, but those of a workspace."
        raise UserError("empty_folder", message, where=str(path), fix="Name the folder that your exports are in.")
    return Listed(files, others)


def _is_kept(file: Path, root: Path, known: dict[Path, bool]) -> bool:
    """Whether a workspace keeps the file: one below the root all that is in it, the root itself its own parts."""
    inside = file.parents[: file.parents.index(root)] if root in file.parents else ()
    if any(_is_workspace(folder, known) for folder in inside):
        return True
    return _is_workspace(root, known) and _is_own(file.relative_to(root), Home(root))


def _is_workspace(folder: Path, known: dict[Path, bool]) -> bool:
    if folder not in known:
        home = Home(folder)
        known[folder] = home.settings.is_file() and home.lake.is_dir()
    return known[folder]


def _is_own(file: Path, home: Home) -> bool:
    folders = (home.lake, home.derived, home.scratch, home.rejects, home.segments, home.webhooks, home.set_aside)
    if len(file.parts) > 1:
        return file.parts[0] in {folder.name for folder in folders}
    return file.name in (home.settings.name, home.identity.name, "writer.lock") or file.name.startswith(
        home.database.name
    )
