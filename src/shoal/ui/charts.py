"""The one look of all plots: the colours of the page, no legend where a label fits, no bar of tools."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from nicegui import ui

from shoal.flow.sizes import Moment

SEA, CORAL, GOLD, BLUE = "#0f9a8c", "#e4572e", "#c98a04", "#3b7ddd"

_AXIS = {"showgrid": False, "zeroline": False, "automargin": True, "fixedrange": True}

TEMPLATE: dict[str, Any] = {
    "layout": {
        "font": {"size": 12},
        "colorway": [SEA, CORAL, BLUE, GOLD],
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "xaxis": _AXIS,
        "yaxis": {**_AXIS, "showgrid": True, "gridcolor": "rgba(128,140,160,.18)", "rangemode": "tozero"},
        "showlegend": False,
        "hovermode": "x unified",
    }
}
"""Texts and lines take their colours from `shell.css`, in light and dark alike."""


def sizes_plot(moments: Sequence[Moment], label: str, *, height: int = 200) -> ui.plotly:
    """Sizes over time; the times are in UTC."""
    at = [dt.datetime.fromtimestamp(one.at / 1_000, dt.UTC).strftime("%Y-%m-%d %H:%M") for one in moments]
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": at,
        "y": [one.size for one in moments],
        "line": {"color": SEA, "width": 2, "shape": "hv"},
        "fill": "tozeroy",
        "fillcolor": "rgba(15,154,140,.10)",
        "hovertemplate": "%{y:,} people<extra></extra>",
    }
    return _plot([line], label, height)


def _plot(traces: list[dict[str, Any]], label: str, height: int) -> ui.plotly:
    figure = {
        "data": traces,
        "layout": {"template": TEMPLATE, "height": height},
        "config": {"displayModeBar": False, "responsive": True},
    }
    drawn = ui.plotly(figure).style(f"width: 100%; height: {height}px")
    drawn.props.update({"role": "img", "aria-label": label})
    return drawn
