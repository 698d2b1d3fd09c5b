"""Arrow columns of plain values.

`pyarrow.array` makes them too, but loads pandas for it wherever that is installed: 40 MB and a third of a second, which
an import has no use for.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def whole_numbers(values: npt.ArrayLike) -> pa.Array:
    """A column of 64-bit integers, none of them null.

    >>> whole_numbers([3, 2**40]).to_pylist()
    [3, 1099511627776]
    """
    numbers = np.ascontiguousarray(values, np.int64)
    return pa.Array.from_buffers(pa.int64(), numbers.size, [None, pa.py_buffer(numbers)])


def numbers_in(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """The values of a column of 64-bit integers, none of them null.

    >>> numbers_in(pa.chunked_array([whole_numbers([3]), whole_numbers([4])]))
    array([3, 4])
    """
    chunks = [np.from_dlpack(chunk) for chunk in column.chunks]
    return np.concatenate(chunks) if chunks else np.zeros(0, np.int64)


def texts(values: Sequence[str]) -> pa.Array:
    """A column of texts, none of them null.

    >>> texts(["ä", "", "bc"]).to_pylist()
    ['ä', '', 'bc']
    """
    encoded = [text.encode() for text in values]
    ends = np.zeros(len(encoded) + 1, np.int32)
    np.cumsum([len(each) for each in encoded], out=ends[1:])
    return pa.Array.from_buffers(pa.string(), len(encoded), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))])


def column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """A column of values of a type; None is null.

    >>> column([1.5, None], pa.float64()).to_pylist(), column([7], pa.int64()).to_pylist()
    ([1.5, None], [7])
    """
    if kind == pa.int64() and None not in values:
        return whole_numbers(values)
    if kind == pa.string() and None not in values:
        return texts(values)
    return pa.array(values, kind)


class _NotFound(MetaPathFinder):
    """Finds no pandas."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name=name)


def without_pandas() -> None:
    """Let Arrow work without pandas in this process, for a server; whoever imports pandas itself still gets it.

    Arrow looks for it once, at the first column. `to_pandas` of Arrow's tables fails afterwards.
    """
    if "pandas" in sys.modules:
        return
    finder = _NotFound()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(finder)
