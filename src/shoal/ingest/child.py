"""The parsing process: reads requests from standard input, writes chunks to standard output.

It is started by `worker.Worker` and limits itself before it opens anything: address space, processor
time, open files, file sizes, no core dumps. What a hostile file breaks is this process only.
"""

from __future__ import annotations

import gc
import resource
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from shoal.core.errors import UserError
from shoal.ingest import wire
from shoal.ingest.formats.limits import GIB, Limits
from shoal.ingest.formats.packed import FilePart
from shoal.ingest.formats.reading import only_part
from shoal.ingest.mapped import source_of
from shoal.ingest.mapping import check_columns, mapping_from
from shoal.ingest.parse import Chunk, parse
from shoal.ingest.recognise import check_source, inspect, named_source, read_head
from shoal.ingest.source import Source

OPEN_FILES = 64


def main() -> None:
    """Answer requests until standard input ends."""
    limit(int(sys.argv[1]) if len(sys.argv) > 1 else GIB)
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # rows make no cycles, and come in thousands
    try:
        while (request := _next_request(sys.stdin.buffer)) is not None:
            for part in _answer(request):
                sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()
    except BrokenPipeError:  # the parent has gone; so do we
        sys.stderr.close()


def limit(memory: int) -> None:
    """Set the limits of this process for good."""
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    _lower(resource.RLIMIT_AS, memory)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)


def _lower(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))


def _allow(seconds: float) -> None:
    """Let the processor work this long from here; beyond it, the system ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _next_request(stdin: BinaryIO) -> wire.Request | None:
    length = stdin.read(wire.LENGTH)
    return wire.decode_request(stdin.read(int.from_bytes(length, "big"))) if length else None


def _answer(request: wire.Request) -> Iterator[bytes | memoryview]:
    _allow(request.limits.silence)
    try:
        yield from _parsed(request) if isinstance(request, wire.ParseMessage) else _inspected(request)
        yield wire.frame(wire.DoneMessage())
    except BrokenPipeError:
        raise
    except UserError as error:
        yield wire.frame(wire.ErrorMessage(error.code, error.message, error.where, error.fix))
    except MemoryError:
        yield wire.frame(out_of_memory(FilePart(Path(request.path)).label))
    except Exception as error:  # the parent raises it again
        trace = "".join(traceback.format_tb(error.__traceback__))
        yield wire.frame(wire.BugMessage(f"{trace}{type(error).__name__}"))


def out_of_memory(label: str) -> wire.ErrorMessage:
    """The answer when a file wants more memory than the process may have."""
    return wire.ErrorMessage(
        "out_of_memory",
        "Reading the file takes more memory than a file may use.",
        label,
        "Export it in smaller files; in Parquet, write smaller row groups.",
    )


def _inspected(request: wire.InspectMessage) -> Iterator[bytes]:
    for found in inspect(Path(request.path), request.limits):
        yield wire.frame(wire.inspected_message(found))
        _allow(request.limits.silence)


def _parsed(request: wire.ParseMessage) -> Iterator[bytes | memoryview]:
    part = only_part(FilePart(Path(request.path), request.member), request.limits)
    source = _source(request, part, request.limits)
    for chunk in parse(part, source, wire.context_of(request), request.start_chunk, request.limits):
        yield from _framed(chunk)
        _allow(request.limits.silence)


def _source(request: wire.ParseMessage, part: FilePart, limits: Limits) -> Source:
    head = read_head(part, limits)
    if request.source is not None:
        source = named_source(request.source)
        check_source(head, source, part.label)
        return source
    mapping = mapping_from(request.mapping)
    check_columns(mapping, head, part.label)
    return source_of(mapping)


def _framed(chunk: Chunk) -> Iterator[bytes | memoryview]:
    batch = memoryview(chunk.records.serialize())
    yield wire.frame(
        wire.ChunkMessage(
            batch=batch.nbytes,
            index=chunk.index,
            rejects=chunk.rejects,
            skipped=dict(chunk.skipped),
            stored=dict(chunk.stored),
            rows_read=chunk.rows_read,
            position=chunk.position,
            warnings=chunk.warnings,
        )
    )
    yield batch


if __name__ == "__main__":
    main()
