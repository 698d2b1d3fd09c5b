"""The small parts that sections are built of: tiles, bars, tables, trends, charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from shoal.measurement.report.markup import Content, Markup, embedded, tag, together

Tone = Literal["good", "watch", "attention", ""]

TREND_WIDTH, TREND_HEIGHT = 300, 56


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, its length from 0 to 1, and what stands at its end."""

    label: Content
    length: float
    shown: str
    aside: str = ""
    tone: Tone = "good"


def headline(key: str, value: str, told: str, tone: Tone = "", unit: str = "") -> Markup:
    """A tile with one number and what it is compared with."""
    number = tag("div", value, tag("small", f" {unit}") if unit else None, class_="v")
    return tag("div", tag("div", key, class_="k"), number, tag("div", told, class_=f"d {tone}".strip()), class_="tile")


def bars(entries: Sequence[Bar], label: str) -> Markup:
    """Labelled bars, one below the other."""
    shapes = {"good": "", "watch": "w", "attention": "a", "": "o"}
    lines = []
    for entry in entries:
        end = tag("span", entry.shown, tag("small", f" {entry.aside}") if entry.aside else None)
        fill = tag("span", class_=shapes[entry.tone] or None, style=f"width:{_width(entry.length)}")
        lines.append(
            tag(
                "li",
                tag("div", tag("span", entry.label), end, class_="row"),
                tag("div", fill, class_="track", aria_hidden="true"),
            )
        )
    return tag("ul", lines, class_="bars", aria_label=label)


def _width(share: float) -> str:
    return f"{max(0.0, min(share, 1.0)) * 100:.2f}%"


def trend(values: Sequence[int], label: str, *, kind: str = "trend") -> Markup:
    """A line of numbers over time, from 0, as a `trend` or a small `spark`; empty with fewer than two."""
    if len(values) < 2:
        return Markup("")
    top = max(values) or 1
    width, height = TREND_WIDTH / (len(values) - 1), TREND_HEIGHT - 8
    points = [(place * width, TREND_HEIGHT - 4 - value / top * height) for place, value in enumerate(values)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    colour = "var(--sea)"
    area = f"M0,{TREND_HEIGHT} L{line.replace(' ', ' L')} L{TREND_WIDTH},{TREND_HEIGHT} Z"
    return tag(
        "svg",
        tag("path", d=area, fill=colour, opacity=0.09),
        tag("polyline", points=line, fill="none", stroke=colour, stroke_width=1.75, vector_effect="non-scaling-stroke"),
        class_=kind,
        viewBox=f"0 0 {TREND_WIDTH} {TREND_HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
    )


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; numbers stand at the right."""

    title: str
    number: bool = False


def table(
    caption: Content,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Content]],
    *,
    note: Content = None,
    kind: str = "lines",
) -> Markup:
    """A table whose first cell heads its row. `lines` become blocks on a phone, `heat` scrolls."""
    head = tag("tr", [tag("th", col.title, scope="col", class_="num" if col.number else None) for col in columns])
    body = [
        tag(
            "tr",
            [
                _cell(column, cell, first=not place)
                for place, (column, cell) in enumerate(zip(columns, row, strict=True))
            ],
        )
        for row in rows
    ]
    told = tag("caption", tag("b", caption), note)
    return tag(
        "div",
        tag("table", told, tag("thead", head), tag("tbody", body), class_=kind),
        class_=f"scroll {kind}",
        tabindex=0 if kind == "heat" else None,
        role="region" if kind == "heat" else None,
        aria_label=str(caption) if kind == "heat" else None,
    )


def _cell(column: Column, cell: Content, *, first: bool) -> Markup:
    if first:
        return tag("th", cell, scope="row")
    if isinstance(cell, Markup) and cell.startswith("<td"):
        return cell
    return tag("td", cell, class_="num" if column.number else None, data_label=column.title or None)


def shaded(share: float | None, shown: str, *, tone: Tone = "good", title: str | None = None) -> Markup:
    """A heat-map cell: the stronger the colour, the greater the share; None is an empty cell."""
    if share is None:
        return tag("td", tag("span", "–", class_="k"), title=title)
    colour = {"good": "--sea", "watch": "--gold", "attention": "--coral", "": "--slate"}[tone]
    strength = 6 + round(share * 38)
    return tag(
        "td", shown, title=title, style=f"background:color-mix(in srgb, var({colour}) {strength}%, var(--paper))"
    )


def chart(title: str, told: str, figure: Mapping[str, Any], height: int) -> Markup:
    """A Plotly figure with its title and what it shows in words; drawn by the page's script."""
    plot = tag("div", class_="plot", style=f"height:{height}px", role="img", aria_label=f"{title}. {told}")
    return tag("figure", tag("figcaption", tag("b", title), told), plot, embedded(figure), class_="tile")


def layout(**more: Any) -> dict[str, Any]:
    """The house's Plotly layout; colours are names of CSS variables, filled in when drawn."""
    axis = {"showgrid": False, "linecolor": "var(--line)", "zeroline": False, "fixedrange": True, "ticks": ""}
    value = {"gridcolor": "var(--line)", "zeroline": False, "fixedrange": True, "rangemode": "tozero", "nticks": 5}
    return {
        "font": {"family": "ui-sans-serif, system-ui, sans-serif", "size": 12, "color": "var(--mute)"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 44, "r": 8, "t": 8, "b": 28},
        "showlegend": False,
        "hoverlabel": {"bgcolor": "var(--paper)", "bordercolor": "var(--line)", "font": {"color": "var(--ink)"}},
        "xaxis": {**axis, **more.pop("xaxis", {})},
        "yaxis": {**value, **more.pop("yaxis", {})},
        **more,
    }


def section(name: str, title: str, told: Content, *content: Content | Sequence[Content]) -> Markup:
    """A part of the page with its heading."""
    inner = together(tag("h2", title, id=name), tag("p", told, class_="sub"), *content)
    return tag("section", inner, aria_labelledby=name)
