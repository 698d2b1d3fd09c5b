"""Parsing in a process of its own, which may break without harm.

    with Worker() as worker:
        for found in worker.inspect(path): ...
        for chunk in worker.parse(ParseRequest(path, "shopify_orders", context)): ...

One process answers many requests, so a folder of small files costs one start. It is started again after a
crash. The pipe holds it back: it works at most one chunk ahead of what the caller has taken.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import pyarrow as pa

from shoal.core.errors import UserError
from shoal.ingest import wire
from shoal.ingest.canonical import SCHEMA
from shoal.ingest.child import out_of_memory
from shoal.ingest.formats.limits import Limits
from shoal.ingest.formats.packed import FilePart
from shoal.ingest.mapping import Mapping
from shoal.ingest.parse import Chunk
from shoal.ingest.recognise import Recognised, Unreadable
from shoal.ingest.source import Context

_KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "TMPDIR", "TZDIR", "LANG", "LC_ALL", "VIRTUAL_ENV")
_SET = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # the others reserve gigabytes of address space
    "MALLOC_ARENA_MAX": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
_PIPE = 2**20


@dataclass(frozen=True, slots=True)
class ParseRequest:
    """A file to parse: its path, its source, and from which chunk on."""

    path: Path
    source: str | Mapping  # the name of a source, or a mapping
    context: Context
    start_chunk: int = 0
    member: str | None = None  # which file, where the path is a zip of several


class FileError(UserError):
    """A file can't be read, or not to its end."""


class WorkerFailedError(Exception):
    """A mistake of ours in the parsing process; the text holds the places in the code and no values."""


class Worker:
    """The parsing process. Use it as a context manager; it ends with the block."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def inspect(self, path: Path) -> tuple[Recognised | Unreadable, ...]:
        """The files in a file (members of a zip, else itself) and their sources.

        Raises FileError with the codes of the readers, and `file_too_hostile`, `out_of_memory`, `parse_crashed`.
        """
        answers = self._ask(wire.InspectMessage(str(path), self._limits), str(path))
        kinds = wire.RecognisedMessage | wire.UnreadableMessage
        return tuple(wire.inspected(answer) for answer, _ in answers if isinstance(answer, kinds))

    def parse(self, request: ParseRequest) -> Iterator[Chunk]:
        """The file's chunks from `start_chunk` on, parsed as they are taken.

        Raises FileError as `inspect` does; chunks that came before the error are sound.
        """
        context = request.context
        message = wire.ParseMessage(
            path=str(request.path),
            member=request.member,
            source=request.source if isinstance(request.source, str) else None,
            mapping=None if isinstance(request.source, str) else request.source.as_data(),
            received_at=context.received_at,
            zone=wire.zone_text(context.zone),
            region=context.region,
            currency=context.currency,
            day_first=context.day_first,
            start_chunk=request.start_chunk,
            limits=self._limits,
        )
        for answer, batch in self._ask(message, FilePart(request.path, request.member).label):
            if isinstance(answer, wire.ChunkMessage):
                yield _chunk(answer, batch)

    def _ask(self, request: wire.Request, label: str) -> Iterator[tuple[wire.Answer, bytearray]]:
        process = self._running()
        answered = False
        try:
            assert process.stdin is not None
            with suppress(BrokenPipeError):  # its status tells why
                process.stdin.write(wire.frame(request))
                process.stdin.flush()
            while True:
                answer = wire.decode_answer(self._read_frame(process, label))
                answered = isinstance(answer, wire.DoneMessage | wire.ErrorMessage | wire.BugMessage)
                if answered:
                    break
                yield (
                    answer,
                    self._read(process, answer.batch, label) if isinstance(answer, wire.ChunkMessage) else bytearray(),
                )
        finally:
            if not answered:  # left in the middle, by an error or by the caller
                self._end()
        _raise(answer)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | _SET
            self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _end
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", "shoal.ingest.child", str(self._limits.memory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                env=environment,
                bufsize=0,
                pipesize=_PIPE,
            )
        return self._process

    def _read_frame(self, process: subprocess.Popen[bytes], label: str) -> bytearray:
        length = int.from_bytes(self._read(process, wire.LENGTH, label), "big")
        return self._read(process, length, label)

    def _read(self, process: subprocess.Popen[bytes], size: int, label: str) -> bytearray:
        """Exactly so many bytes of the answer; UserError when it goes silent or ends."""
        assert process.stdout is not None
        found = bytearray(size)
        view, place = memoryview(found), 0
        while place < size:
            ready, _, _ = select.select([process.stdout], [], [], self._limits.silence)
            if not ready:
                raise _hostile(label, self._limits)
            got = os.readv(process.stdout.fileno(), [view[place:]])
            if not got:
                raise self._ended(process, label)
            place += got
        return found

    def _ended(self, process: subprocess.Popen[bytes], label: str) -> Exception:
        status = process.wait()
        if status == -signal.SIGXCPU:
            return _hostile(label, self._limits)
        if status == -signal.SIGKILL:
            return _user_error(out_of_memory(label))
        if status < 0:
            return FileError(
                "parse_crashed",
                f"The file broke the process that read it ({signal.Signals(-status).name}); nothing else was harmed.",
                where=label,
                fix="The file is probably damaged: export it again.",
            )
        assert self._complaints is not None
        self._complaints.seek(0)
        return WorkerFailedError(self._complaints.read()[-4_000:].decode(errors="replace"))

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        if self._complaints is not None:
            self._complaints.close()
        self._process, self._complaints = None, None


def _chunk(answer: wire.ChunkMessage, batch: bytearray) -> Chunk:
    return Chunk(
        index=answer.index,
        records=pa.ipc.read_record_batch(pa.py_buffer(batch), SCHEMA),
        rejects=answer.rejects,
        skipped=answer.skipped,
        stored=answer.stored,
        rows_read=answer.rows_read,
        position=answer.position,
        warnings=answer.warnings,
    )


def _raise(answer: wire.Answer) -> None:
    if isinstance(answer, wire.ErrorMessage):
        raise _user_error(answer)
    if isinstance(answer, wire.BugMessage):
        raise WorkerFailedError(answer.trace)


def _user_error(answer: wire.ErrorMessage) -> FileError:
    return FileError(answer.code, answer.message, where=answer.where, fix=answer.fix)


def _hostile(label: str, limits: Limits) -> FileError:
    return FileError(
        "file_too_hostile",
        f"Reading the file made no progress for {limits.silence:g} seconds.",
        where=label,
        fix="Export it again, or in smaller files.",
    )
