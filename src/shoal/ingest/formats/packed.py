"""Plain, gzip and zip files as streams of bytes, with a guard against bombs.

What a file is follows from its first bytes, not from its name.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol, cast

from shoal.core.errors import UserError
from shoal.ingest.formats.endings import is_clutter
from shoal.ingest.formats.limits import BLOCK, Limits

_GZIP, _ZIP, _EMPTY_ZIP = b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06"
_PACKINGS = (".gz", ".zip")


@dataclass(frozen=True, slots=True)
class FilePart:
    """One readable file: a path, and the member's name where the path is a zip."""

    path: Path
    member: str | None = None

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"{self.path} ({self.member})" if self.member else str(self.path)

    @property
    def name(self) -> str:
        """The file's own name, without folders and without `.gz` or `.zip`.

        >>> FilePart(Path("in/orders.csv.gz")).name, FilePart(Path("a.zip"), "x/customers.csv").name
        ('orders.csv', 'customers.csv')
        """
        name = PurePosixPath(self.member).name if self.member else self.path.name
        while name.lower().endswith(_PACKINGS):
            name = name.rpartition(".")[0]
        return name


class Bytes(Protocol):
    """A stream that can only be read forwards."""

    @property
    def position(self) -> int:
        """Bytes of the file on disk that are used up, for progress."""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, empty at the end; UserError when the file is damaged or a bomb."""


class _Guarded:
    """Unpacked bytes, counted against the packed ones."""

    def __init__(self, raw: IO[bytes], unpacked: IO[bytes], part: FilePart, limits: Limits) -> None:
        self._raw, self._unpacked, self._part, self._limits = raw, unpacked, part, limits
        self._total = 0
        self.is_packed = raw is not unpacked

    @property
    def position(self) -> int:
        return self._raw.tell()

    def read(self, size: int) -> bytes:
        with _told(self._part):
            block = self._unpacked.read(size)
        self._total += len(block)
        if self.is_packed and self._total > self._limits.unpacked_free:
            self._check()
        return block

    def _check(self) -> None:
        most = min(self._limits.unpacked, max(1, self._raw.tell()) * self._limits.ratio)
        if self._total > most:
            raise UserError(
                "unpacks_too_large",
                f"The file unpacks to more than {self._limits.ratio} times its size.",
                where=self._part.label,
                fix="If it is sound, unpack it yourself and import the unpacked file.",
            )


@contextmanager
def open_bytes(part: FilePart, limits: Limits) -> Iterator[_Guarded]:
    """The unpacked bytes of a file; raises UserError where it can't be opened."""
    with _told(part):
        raw = part.path.open("rb")
    with raw:
        magic = _magic(raw, part)
        if magic.startswith(_GZIP):
            yield _Guarded(raw, _gunzip(raw), part, limits)
        elif magic in (_ZIP, _EMPTY_ZIP):
            with _told(part), zipfile.ZipFile(raw) as archive:
                opened = archive.open(part.member or "")
            with opened:
                yield _Guarded(raw, _unzip_inner(opened), part, limits)
        else:
            yield _Guarded(raw, raw, part, limits)


def check_packing(part: FilePart, limits: Limits) -> None:
    """Unpack a packed file to its end, so that damage shows before any row is stored; UserError as `read`.

    Packed files larger than `limits.checked` are not looked at: of them, what came before the damage is kept.
    """
    with open_bytes(part, limits) as stream:
        if stream.is_packed and part.path.stat().st_size <= limits.checked:
            while stream.read(BLOCK):
                pass


def parts_of(path: Path, limits: Limits) -> tuple[FilePart, ...]:
    """The readable files in a file: itself, or the members of a zip in order of their names.

    Raises UserError `empty_file`, `encrypted_file`, `unreadable_file`, `repeated_member`.
    """
    part = FilePart(path)
    with _told(part), path.open("rb") as raw:
        if _magic(raw, part) not in (_ZIP, _EMPTY_ZIP):
            return (part,)
        with zipfile.ZipFile(raw) as archive:
            members = archive.infolist()
    if len(members) > limits.members:
        raise UserError(
            "too_many_files",
            f"The archive holds {len(members):,} files.",
            where=part.label,
            fix="Unpack it and import the folder.",
        )
    _refuse_workbook(members, part)
    files = sorted((member for member in members if not _is_clutter(member)), key=lambda member: member.filename)
    if not files:
        raise UserError("empty_file", "The archive holds no files.", where=part.label, fix="Export it again.")
    if any(member.flag_bits & 1 for member in files):
        raise UserError(
            "encrypted_file", "The archive has a password.", where=part.label, fix="Unpack it and import the files."
        )
    if len({member.filename for member in files}) < len(files):
        raise UserError(
            "repeated_member",
            "The archive holds two files of the same name, of which only one could be read.",
            where=part.label,
            fix="Unpack it so that both are kept, and import the folder.",
        )
    return tuple(FilePart(path, member.filename) for member in files)


def _magic(raw: IO[bytes], part: FilePart) -> bytes:
    with _told(part):
        magic = raw.read(4)
        raw.seek(0)
    if not magic:
        raise UserError("empty_file", "The file is empty.", where=part.label, fix="Export it again.")
    return magic


def _unzip_inner(opened: IO[bytes]) -> IO[bytes]:
    magic = opened.read(2)
    opened.seek(0)
    return _gunzip(opened) if magic == _GZIP else opened


def _gunzip(raw: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], gzip.GzipFile(fileobj=raw))


def _is_clutter(member: zipfile.ZipInfo) -> bool:
    return member.is_dir() or is_clutter(PurePosixPath(member.filename))


def _refuse_workbook(members: list[zipfile.ZipInfo], part: FilePart) -> None:
    if any(member.filename == "[Content_Types].xml" for member in members):
        raise UserError(
            "unreadable_file", "The file is an Excel workbook.", where=part.label, fix="Save the sheet as CSV UTF-8."
        )


@contextmanager
def _told(part: FilePart) -> Iterator[None]:
    """Damage to a file, as a UserError."""
    try:
        yield
    except EOFError:
        raise UserError(
            "truncated_file",
            "The packed file ends too early; a part of it is missing.",
            where=part.label,
            fix="Copy or download it again.",
        ) from None
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, KeyError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its packing is damaged"
        raise UserError(
            "unreadable_file",
            f"The file can't be read: {reason.lower()}.",
            where=part.label,
            fix="Check the path and the right to read it, or export it again.",
        ) from None
