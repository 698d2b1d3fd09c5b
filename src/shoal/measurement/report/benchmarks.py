"""What rates are compared with, and how near they come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shoal.measurement.report.parts import Tone


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A line to be above (or, where `below`, to stay under); shares."""

    line: float
    below: bool = False

    def tone(self, share: float) -> Tone:
        """Good on the right side of the line, watch within a fifth of it, else attention."""
        ratio = share / self.line
        if self.below:
            return "good" if ratio <= 1 else "watch" if ratio <= 1.5 else "attention"
        return "good" if ratio >= 1 else "watch" if ratio >= 0.8 else "attention"

    def english(self, share: float) -> str:
        """The share against the line, in words.

        >>> OPEN.english(0.3)
        'above 25 %'
        """
        side = "above" if share > self.line else "under" if share < self.line else "at"
        return f"{side} {self.line * 100:g} %"


OPEN: Final = Benchmark(0.25)
CLICK: Final = Benchmark(0.05)
CLICK_TO_OPEN: Final = Benchmark(0.20)
UNSUBSCRIBE: Final = Benchmark(0.002, below=True)
COMPLAINT: Final = Benchmark(0.001, below=True)
