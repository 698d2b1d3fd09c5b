"""What a backup is: a folder, or a tar file of it, with the files of a workspace and a list of them with checksums."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any, Protocol

from shoal.core.disk import flush, flush_all
from shoal.core.errors import UserError, require

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database.dump"
"""The database, where it is PostgreSQL."""

BASELINE = "derived/members.npz"
"""Who was a member when the change feed was last written down whole: of the derived files the one that is on record."""

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of a backup."""

    path: str  # below the workspace's folder
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. Everything that was acknowledged before it began is in it."""

    format: int
    program: str  # version of Shoal
    schema: str  # version of the database's tables
    database: str  # sqlite or postgresql
    made_at: int  # ms; when the state was taken
    journal: int  # number of the journal's newest entry: the mark up to which all is there
    in_lake: int  # number of the newest entry that is in the lake's files
    secret: str | None  # tells secrets apart; None: the workspace had none
    files: tuple[Kept, ...]

    def text(self) -> str:
        """The file, with a checksum of itself."""
        told = asdict(self)
        return json.dumps({**told, "sha256": _sum(told)}, indent=1)


def manifest_from(text: bytes) -> Manifest:
    """Raises UserError `damaged_backup`, and `newer_backup` for a form that a later program made."""
    try:
        told = json.loads(text)
        checksum = told.pop("sha256")
        files = tuple(Kept(**each) for each in told.pop("files"))
        found = Manifest(**told, files=files)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise damaged(MANIFEST) from None
    if checksum != _sum(asdict(found)):
        raise damaged(MANIFEST)
    require(
        found.format <= FORMAT,
        "newer_backup",
        "This backup was made by a newer Shoal.",
        fix="Restore it with that version or a later one.",
    )
    return found


def damaged(where: str) -> UserError:
    """The error for a file of a backup that is not what its list says."""
    return UserError(
        "damaged_backup",
        "The backup is damaged, so nothing of it is used.",
        where=where,
        fix="Use another backup.",
    )


def told_apart(secret: bytes) -> str:
    """A text that says whether two secrets are the same and nothing else of them."""
    return hmac.new(secret, b"shoal backup", hashlib.sha256).hexdigest()[:16]


def _sum(told: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


class Sink(AbstractContextManager["Sink"], Protocol):
    """Where a backup is written to; it appears under its name when the block ends without an error."""

    def add(self, path: str, source: Path, *, link: bool = False) -> Kept:
        """Take a file; `link` lets the backup share it where the disk can."""

    def end(self, manifest: Manifest) -> None:
        """Write the list."""


def sink_at(target: Path) -> Sink:
    """A tar file where the name ends in `.tar`, else a folder. Raises UserError `not_empty` and `no_place`."""
    free = not target.exists() or (target.suffix != ".tar" and target.is_dir() and not any(target.iterdir()))
    require(
        free,
        "not_empty",
        "There is something in that place, and a backup replaces nothing.",
        where=str(target),
        fix="Name a folder that does not exist yet, or a new file that ends in .tar.",
    )
    require(
        target.absolute().parent.is_dir(),
        "no_place",
        "The folder that the backup would be in does not exist.",
        where=str(target),
        fix="Make it first, or name another.",
    )
    return _Tar(target) if target.suffix == ".tar" else _Folder(target)


class _Folder:
    def __init__(self, target: Path) -> None:
        self._target = target
        self._partial = target.absolute().with_name(f"{target.name}.{os.getpid()}.partial")

    def __enter__(self) -> _Folder:
        self._partial.mkdir(mode=0o700)
        return self

    def add(self, path: str, source: Path, *, link: bool = False) -> Kept:
        place = self._partial / path
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if link and _linked(source, place):
            with place.open("rb") as file:
                return Kept(path, place.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
        with source.open("rb") as file:
            return written(file, place, path)

    def end(self, manifest: Manifest) -> None:
        with io.BytesIO(manifest.text().encode()) as text:
            written(text, self._partial / MANIFEST, MANIFEST)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            flush_all(self._partial)
            os.rename(self._partial, self._target)  # over an empty folder at most
            flush(self._target.absolute().parent)
        else:
            shutil.rmtree(self._partial, ignore_errors=True)


class _Tar:
    def __init__(self, target: Path) -> None:
        self._target = target
        self._partial = target.absolute().with_name(f"{target.name}.{os.getpid()}.partial")

    def __enter__(self) -> _Tar:
        self._file = os.fdopen(os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w|", format=tarfile.PAX_FORMAT)
        return self

    def add(self, path: str, source: Path, *, link: bool = False) -> Kept:  # noqa: ARG002 - a tar shares nothing
        about = tarfile.TarInfo(path)
        about.mode = 0o600
        with source.open("rb") as file:
            about.size = os.fstat(file.fileno()).st_size
            reader = _Summed(file)
            self._tar.addfile(about, reader)
        return Kept(path, about.size, reader.sum.hexdigest())

    def end(self, manifest: Manifest) -> None:
        text = manifest.text().encode()
        about = tarfile.TarInfo(MANIFEST)
        about.size = len(text)
        self._tar.addfile(about, io.BytesIO(text))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._tar.close()
                self._file.flush()
                os.fsync(self._file.fileno())
                os.link(self._partial, self._target)  # never over a file that came there meanwhile
                flush(self._target.absolute().parent)
        finally:
            self._file.close()
            self._partial.unlink()


class _Summed:
    """A file that is summed up while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        found = self._file.read(size)
        self.sum.update(found)
        return found


def written(file: IO[bytes], place: Path, path: str) -> Kept:
    """Write all that is left of an open file to disk; nobody but the owner may read it."""
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as goal:
        while piece := file.read(_PIECE):
            goal.write(piece)
            digest.update(piece)
            size += len(piece)
        goal.flush()
        os.fsync(goal.fileno())
    return Kept(path, size, digest.hexdigest())


def members(backup: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Each file of a backup with its path, in any order. Raises UserError `no_backup` and `damaged_backup`."""
    if backup.is_dir():
        for file in sorted(each for each in backup.rglob("*") if each.is_file()):
            with file.open("rb") as opened:
                yield str(PurePosixPath(file.relative_to(backup))), opened
        return
    try:
        with tarfile.open(backup, "r|") as tar:
            for about in tar:
                found = tar.extractfile(about) if about.isreg() and _is_inside(about.name) else None
                if found is None:
                    raise damaged(str(backup))
                with found:
                    yield about.name, found
    except FileNotFoundError:
        raise UserError(
            "no_backup", "There is no backup of that name.", where=str(backup), fix="Name its folder or its .tar file."
        ) from None
    except (tarfile.TarError, EOFError):
        raise damaged(str(backup)) from None


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _linked(source: Path, place: Path) -> bool:
    try:
        os.link(source, place)
    except OSError:
        return False  # another disk, or one that can't
    return True
