"""How much of a file is believed before it is called hostile."""

from __future__ import annotations

import msgspec

KIB, MIB, GIB = 2**10, 2**20, 2**30


class Limits(msgspec.Struct, frozen=True):
    """Bounds on what one file may ask of the machine. Sizes in bytes, times in seconds."""

    memory: int = GIB  # address space of the parsing process
    silence: float = 300.0  # time without a finished chunk, of the clock and of the processor
    ratio: int = 200  # unpacked to packed size, once more than `unpacked_free` is unpacked
    unpacked_free: int = 128 * MIB
    unpacked: int = 256 * GIB
    checked: int = GIB  # packed size up to which a file is unpacked once before its rows are read
    members: int = 10_000  # files in one zip
    columns: int = 10_000
    line: int = 16 * MIB  # characters of one CSV line, bytes of one JSON line
    field: int = 4 * MIB  # characters of one CSV field, line ends in quotes included
    document: int = 64 * MIB  # bytes of a JSON file that is one array
    table: int = 4 * GIB  # bytes of a packed Parquet file, which has to be unpacked to disk


BLOCK = 256 * KIB
"""Bytes that are read at a time."""
