"""A small plot with both axes in powers of ten, as SVG text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, floor, log10

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 34, 50
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")

Point = tuple[float, float]


def plot(lines: Mapping[str, Sequence[Point]], x: str, y: str) -> str:
    """Lines by name, with names of the axes; all numbers are above 0."""
    spans = [_span([point[axis] for points in lines.values() for point in points]) for axis in (0, 1)]

    def place(point: Point) -> Point:
        across, up = ((log10(one) - low) / (high - low) for one, (low, high) in zip(point, spans, strict=True))
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">']
    parts.append('<rect width="100%" height="100%" fill="white"/>')
    for power in range(spans[0][0], spans[0][1] + 1):
        across, _ = place((10**power, 10 ** spans[1][0]))
        parts += [_line((across, TOP), (across, HEIGHT - BOTTOM)), _text(across, HEIGHT - 30, _number(power), "middle")]
    for power in range(spans[1][0], spans[1][1] + 1):
        _, down = place((10 ** spans[0][0], 10**power))
        parts += [_line((LEFT, down), (WIDTH - RIGHT, down)), _text(LEFT - 8, down + 4, _number(power), "end")]
    parts += [_text((WIDTH - RIGHT + LEFT) / 2, HEIGHT - 10, x, "middle"), _text(4, TOP - 18, y, "start")]
    for (name, points), colour in zip(lines.items(), COLOURS, strict=False):
        parts += _drawn(name, [place(point) for point in points], colour)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _span(numbers: Sequence[float]) -> tuple[int, int]:
    low = floor(log10(min(numbers)))
    return low, max(low + 1, ceil(log10(max(numbers))))


def _number(power: int) -> str:
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"


def _drawn(name: str, places: Sequence[Point], colour: str) -> Iterator[str]:
    path = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for across, down in places:
        yield f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3" fill="{colour}"/>'
    yield _text(places[-1][0] + 8, places[-1][1] + 4, name, "start", colour)


def _line(start: Point, end: Point) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'


def _text(across: float, down: float, text: str, anchor: str, colour: str = "#333") -> str:
    return f'<text x="{across:.1f}" y="{down:.1f}" font-size="12" text-anchor="{anchor}" fill="{colour}">{text}</text>'
