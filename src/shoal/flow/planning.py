"""Which files an import reads, how each is read, and which are left out for what reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shoal.core.errors import UserError
from shoal.flow.collecting import collect
from shoal.ingest.accounts import check_account, source_in
from shoal.ingest.formats.endings import is_workbook, may_hold_data
from shoal.ingest.formats.packed import FilePart
from shoal.ingest.mapping import Mapping, check_columns
from shoal.ingest.recognise import Recognised, Unreadable, check_source, named_source, unknown_source
from shoal.ingest.source import FileHead
from shoal.ingest.worker import Worker

TOLD = 10
"""How many files an error names."""


@dataclass(frozen=True, slots=True)
class Part:
    """A readable file and how it is to be read."""

    found: Recognised
    source: str | Mapping
    is_guess: bool = False  # no source knows it and the mapping is only a proposal
    is_alone: bool = False  # the user named this very file, so nothing else stands for it
    account: str | None = None  # whose ids it holds, where there are several accounts

    @property
    def name(self) -> str:
        """The source's name, with the account."""
        return source_in(self.source if isinstance(self.source, str) else self.source.source, self.account)

    @property
    def mapping(self) -> Mapping | None:
        """The mapping; None where a source knows the file."""
        return None if isinstance(self.source, str) else self.source

    @property
    def shown(self) -> str:
        """The file's name without folders, which may tell of people or machines."""
        return _shown(self.found.part)

    @property
    def is_columnar(self) -> bool:
        """Whether its batches are taken over as they are, which is faster than the journal drains."""
        return isinstance(self.source, str) and named_source(self.source).map_batch is not None


@dataclass(frozen=True, slots=True)
class NotImported:
    """A file of a folder or zip that was left out, and why."""

    part: FilePart
    error: UserError
    holds_data: bool  # rows may be missing for it; False for a text, a page, a picture

    @property
    def file(self) -> str:
        """The file's name without folders."""
        return _shown(self.part)

    def as_data(self) -> dict[str, str | bool | None]:
        """The file and its error, for `--json`."""
        told = self.error.as_data()["error"]
        return {"file": self.file, "holds_data": self.holds_data, **told}


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import will read and what it leaves out."""

    parts: tuple[Part, ...]
    left_out: tuple[NotImported, ...]


@dataclass(frozen=True, slots=True)
class How:
    """What the user said about all files: a source, a mapping, or nothing; whose account they come from.

    `propose` guesses for unknown files.
    """

    source: str | Mapping | None = None
    propose: Callable[[FileHead], Mapping] | None = None
    account: str | None = None


def plan(worker: Worker, paths: Iterable[Path], how: How) -> Plan:
    """How each file is to be read.

    A file that was named has to be readable; of a folder or a zip of several files, at least one. Raises UserError as
    the readers do, `no_such_file`, `unknown_source`, `unknown_column`, `empty_folder`, `nothing_to_import` and
    `bad_account`.
    """
    if how.account is not None:
        check_account(how.account)
    if isinstance(how.source, str):
        named_source(how.source)
    parts: dict[FilePart, Part] = {}
    left_out: dict[FilePart, NotImported] = {}
    for path in paths:
        for each in _named(worker, path, how):
            if isinstance(each, Part):
                parts.setdefault(each.found.part, each)
            else:
                left_out.setdefault(each.part, each)
    return Plan(tuple(parts.values()), tuple(left_out.values()))


def _named(worker: Worker, path: Path, how: How) -> list[Part | NotImported]:
    """What becomes of a path that the user named."""
    listed = collect(path)
    found = [each for file in listed.files for each in _of_file(worker, file, how)]
    if not any(isinstance(each, Part) for each in found):
        raise _nothing(path, [each for each in found if isinstance(each, NotImported)])
    if not path.is_dir() and len(found) == 1:
        return [replace(each, is_alone=True) for each in found if isinstance(each, Part)]
    return [*found, *map(_other, listed.others)]


def _of_file(worker: Worker, file: Path, how: How) -> Iterator[Part | NotImported]:
    try:
        members = worker.inspect(file)
    except UserError as error:
        yield refused(FilePart(file), error)
        return
    for found in members:
        if isinstance(found, Unreadable):
            yield refused(found.part, found.error)
            continue
        try:
            yield _part(found, how)
        except UserError as error:
            yield refused(found.part, error, found.head)


def _part(found: Recognised, how: How) -> Part:
    meant = how.source or found.source
    if isinstance(meant, Mapping):
        check_columns(meant, found.head, found.part.label)
    elif isinstance(how.source, str):
        check_source(found.head, named_source(how.source), found.part.label)
    if meant is not None:
        return Part(found, meant, account=how.account)
    if how.propose is None:
        raise unknown_source(found.head, found.part.label)
    return Part(found, how.propose(found.head), is_guess=True, account=how.account)


def refused(part: FilePart, error: UserError, head: FileHead | None = None) -> NotImported:
    """A file that can't be read. A text file may hold data when its lines make a table."""
    is_table = head is not None and len(head.columns) > 1 and bool(head.sample)
    return NotImported(part, error, may_hold_data(part.member or part.path.name) or is_table)


def _other(file: Path) -> NotImported:
    if is_workbook(file.name):
        message, fix = "The file is a workbook.", "Save each sheet as CSV UTF-8."
    else:
        message = "Its ending says that it is neither CSV, nor JSON lines, nor Parquet."
        fix = "If it holds rows, export it as CSV; if it is such a file, name it on the command line."
    return refused(FilePart(file), UserError("not_a_table", message, where=str(file), fix=fix))


def _nothing(path: Path, found: Sequence[NotImported]) -> UserError:
    if len(found) == 1:
        return found[0].error
    told = "; ".join(f"{each.file}: {each.error.message.rstrip('.')}" for each in found[:TOLD])
    more = f"; and {len(found) - TOLD} more" if len(found) > TOLD else ""
    return UserError(
        "nothing_to_import",
        f"None of the {len(found)} files can be imported ({told}{more}).",
        where=str(path),
        fix="Import one of them alone: the message then says what to do about it.",
    )


def _shown(part: FilePart) -> str:
    return f"{part.path.name} ({part.member})" if part.member else part.path.name
