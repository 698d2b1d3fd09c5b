"""Lines that can be read a second time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator


class Rewindable:
    """Lines that remember those of the row at hand, so that all but the first of them can be read again."""

    def __init__(self, lines: Iterable[str], first_line: int = 1) -> None:
        self._lines = iter(lines)
        self._waiting: deque[str] = deque()  # to be read again
        self.held: list[str] = []  # the lines of the row at hand
        self.line = first_line  # number of the first of them

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self.held.append(line)
        return line

    @property
    def next_line(self) -> int:
        """The number of the line that is read next."""
        return self.line + len(self.held)

    def forget(self) -> None:
        """The row at hand is done; the next one begins."""
        self.line += len(self.held)
        self.held.clear()

    def rewind(self) -> int:
        """Go back to the second line of the row at hand; how many characters are read again."""
        again = self.held[1:]
        self._waiting.extendleft(reversed(again))
        del self.held[1:]
        return sum(map(len, again))
