"""The list: activity by family, top events, the e-mail funnel, countries, orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from shoal.core.time import to_datetime
from shoal.measurement.audit.evidence import DAY_MS
from shoal.measurement.report import benchmarks
from shoal.measurement.report.benchmarks import Benchmark
from shoal.measurement.report.days import day_axis, stretch
from shoal.measurement.report.families import (
    CROSS_CHANNEL,
    EMAIL,
    OTHER,
    PURCHASES,
    SALES,
    WEBSITE,
    ZERO_PARTY,
)
from shoal.measurement.report.markup import Content, Markup, tag
from shoal.measurement.report.model import EmailFunnel, FamilyDays, Orders, Overview
from shoal.measurement.report.parts import Bar, Column, bars, chart, layout, section, table
from shoal.measurement.report.statistics import interval
from shoal.measurement.wording import change, many, money, people, percent, rate

TOP_EVENTS = 8
SHOWN_DAYS = 180
SHOWN_WEEKS = 53
ROW_HEIGHT = 74
ENOUGH = 100
"""From so many on a rate is held against its benchmark."""

_COLOURS = {
    EMAIL: "var(--sea)",
    WEBSITE: "var(--blue)",
    PURCHASES: "var(--violet)",
    CROSS_CHANNEL: "var(--lagoon)",
    ZERO_PARTY: "var(--rose)",
    SALES: "var(--slate)",
    OTHER: "var(--stone)",
}


def list_section(overview: Overview) -> Markup:
    """What the list does."""
    told = "What people did, day by day, and how mail and shop are doing. “Recent” is the last 30 days."
    if not overview.events:
        empty = tag("p", "There are no events yet. Import an export of your shop, web analytics or e-mail platform.")
        return section("list", "The list", told, tag("div", empty, class_="tile"))
    return section(
        "list",
        "The list",
        told,
        tag("div", _daily(overview), _mail(overview), class_="stack"),
        tag("div", _events(overview), _countries(overview), class_="even", style="margin-top:14px"),
        tag("div", _orders(overview.orders), class_="stack", style="margin-top:14px") if overview.orders else None,
    )


def _daily(overview: Overview) -> Markup:
    shown = _lately(overview)
    if not shown:
        told = f"Nothing happened in the last {SHOWN_DAYS} days; the newest event is older."
        return tag("div", tag("h3", "Activity by day"), tag("p", told, class_="note"), class_="tile")
    height = 40 + ROW_HEIGHT * len(shown)
    data: list[dict[str, Any]] = []
    more: dict[str, Any] = {}
    notes = []
    for place, family in enumerate(shown):
        axis = "" if place == 0 else str(place + 1)
        top = 1 - place / len(shown)
        more[f"yaxis{axis}"] = {
            "domain": [top - 0.78 / len(shown), top - 0.16 / len(shown)],
            "rangemode": "tozero",
            "fixedrange": True,
            "showgrid": False,
            "zeroline": True,
            "zerolinecolor": "var(--line)",
            "nticks": 3,
            "tickformat": ",",
        }
        data.append(_area(family, axis))
        notes.append(_label(family, top))
    frame = layout(
        yaxis=more.pop("yaxis"),
        **more,
        annotations=notes,
        hovermode="x unified",
        margin={"l": 52, "r": 8, "t": 4, "b": 28},
    )
    first, last = min(each.days[0][0] for each in shown), max(each.days[-1][0] for each in shown)
    frame["xaxis"] |= {"anchor": "free", "position": 0} | day_axis(first, last)
    return chart(
        "Activity by day",
        f"Events a day {stretch(first, last, SHOWN_DAYS)}, each kind on a scale of its own; days in {overview.zone}.",
        {"data": data, "layout": frame},
        height,
    )


def _lately(overview: Overview) -> Sequence[FamilyDays]:
    """The last days of each family: a single sign-up of years ago must not squeeze the rest."""
    since = to_datetime(overview.as_of).date() - dt.timedelta(days=SHOWN_DAYS)
    cut = (FamilyDays(each.family, tuple(day for day in each.days if day[0] > since)) for each in overview.daily)
    return [each for each in cut if each.days]


def _area(family: FamilyDays, axis: str) -> dict[str, Any]:
    """The days as a line with zeros where nothing happened."""
    days = dict(family.days)
    first, last = family.days[0][0], family.days[-1][0]
    dates = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    return {
        "type": "scatter",
        "mode": "lines" if len(dates) > 1 else "markers",  # one point makes no line
        "name": family.family,
        "x": [date.isoformat() for date in dates],
        "y": [days.get(date, 0) for date in dates],
        "yaxis": f"y{axis}",
        "line": {"width": 1.4, "color": _COLOURS[family.family]},
        "fill": "tozeroy",
        "fillcolor": _COLOURS[family.family].replace("var(", "soft("),
        "hovertemplate": "%{y:,}",
    }


def _label(family: FamilyDays, top: float) -> dict[str, Any]:
    total = sum(count for _, count in family.days)
    return {
        "text": f"<b>{family.family}</b>  {many(total, 'event')}",
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": top,
        "xanchor": "left",
        "yanchor": "top",
        "showarrow": False,
        "font": {"color": "var(--ink)", "size": 12},
    }


def _events(overview: Overview) -> Markup:
    shown = overview.names[:TOP_EVENTS]
    top = shown[0].events
    listed = []
    for event in shown:
        recent, before = event.compared.recent, event.compared.before
        changed = change(recent, before)
        lately = f"{changed} the 30 before" if changed else f"{recent:,.0f}, {before:,.0f} in the 30 before"
        under = f"by {people(event.people)}; last 30 days {lately}"
        label = tag("span", event.name, tag("span", under, class_="under"))
        listed.append(Bar(label, event.events / top, f"{event.events:,}"))
    more = len(overview.names) - len(shown)
    told = f"And {many(more, 'more event')}." if more > 0 else None
    title = tag("h3", "Most frequent events")
    return tag(
        "div",
        title,
        bars(listed, "Most frequent events"),
        tag("p", told, class_="note") if told else None,
        class_="tile",
    )


def _countries(overview: Overview) -> Content:
    title = tag("h3", "Where people are")
    if not overview.countries:
        return tag("div", title, tag("p", "No source states a country.", class_="note"), class_="tile")
    everyone = max(overview.identified, 1)
    top = max(count for _, count in overview.countries)
    listed = [
        Bar(country, count / top, f"{count:,}", percent(count / everyone), "" if country == "elsewhere" else "good")
        for country, count in overview.countries
    ]
    missing = f"{people(overview.no_country)} ({percent(overview.no_country / everyone)}) without a country."
    note = tag("p", missing, class_="note") if overview.no_country else None
    return tag("div", title, bars(listed, "People by country"), note, class_="tile")


def _mail(overview: Overview) -> Markup:
    funnel = overview.funnel
    if funnel is None:
        told = "No mail was delivered in the last 30 days of this data."
        return tag("div", tag("h3", "E-mail, last 30 days"), tag("p", told, class_="note"), class_="tile")
    rates = [_rate(name, hits, of, line) for name, hits, of, line in _rates(funnel) if of]
    columns = [
        Column("Rate"),
        Column("Now", True),
        Column("95 % between", True),
        Column("Count", True),
        Column("Benchmark"),
    ]
    note = (
        "A message is one campaign's mail to one person. Opens and clicks are those by people; what is marked as a "
        f"machine's is left out, {many(funnel.machine_opened, 'message')} opened by machines alone."
    )
    left = tag("div", tag("h3", "E-mail, last 30 days"), _stages(funnel), tag("p", note, class_="note"))
    return tag("div", left, table("How that compares", columns, rates), class_="tile mail")


def _rates(funnel: EmailFunnel) -> Sequence[tuple[str, int, int, Benchmark]]:
    return (
        ("Open rate", funnel.opened, funnel.delivered, benchmarks.OPEN),
        ("Click rate", funnel.clicked, funnel.delivered, benchmarks.CLICK),
        ("Clicks per open", funnel.clicked, funnel.opened, benchmarks.CLICK_TO_OPEN),
        ("Unsubscribe rate", funnel.unsubscribed, funnel.delivered, benchmarks.UNSUBSCRIBE),
        ("Spam complaints", funnel.complained, funnel.delivered, benchmarks.COMPLAINT),
    )


def _rate(name: str, hits: int, of: int, line: Benchmark) -> Sequence[Content]:
    share = min(hits / of, 1.0)
    low, high = interval(min(hits, of), of)
    verdict = (
        tag("span", line.english(share), class_=f"chip {line.tone(share)}")
        if of >= ENOUGH
        else tag("span", "too few to say", class_="chip")
    )
    return name, tag("b", rate(share)), f"{rate(low)} and {rate(high)}", f"{hits:,} of {of:,}", verdict


def _stages(funnel: EmailFunnel) -> Markup:
    stages = [
        ("Delivered", funnel.delivered),
        ("Opened by a person", funnel.opened),
        ("Clicked by a person", funnel.clicked),
    ]
    listed = [
        Bar(name, count / funnel.delivered, f"{count:,}", percent(count / funnel.delivered)) for name, count in stages
    ]
    return bars(listed, "Messages by what became of them")


def _orders(orders: Orders) -> Markup:
    weeks = orders.weeks[-SHOWN_WEEKS:]
    hover = f"week of %{{x|%-d %b}}<br>%{{y:,.0f}} {orders.currency}<br>%{{customdata:,}} orders<extra></extra>"
    data = [
        {
            "type": "bar",
            "x": [week.monday.isoformat() for week in weeks],
            "y": [round(week.revenue, 2) for week in weeks],
            "customdata": [week.orders for week in weeks],
            "marker": {"color": "var(--sea)"},
            "hovertemplate": hover,
        }
    ]
    frame = layout(bargap=0.25, yaxis={"tickformat": "~s"}, margin={"l": 52, "r": 8, "t": 8, "b": 28})
    every = max(1, -(-len(weeks) // 5)) * 7 * DAY_MS
    frame["xaxis"] |= {
        "type": "date",
        "tickformat": "%-d %b",
        "tick0": weeks[0].monday.isoformat(),
        "dtick": every,
        "tickangle": 0,
    }
    return chart("Revenue by week", _orders_told(orders), {"data": data, "layout": frame}, 230)


def _orders_told(orders: Orders) -> str:
    mean = money(orders.revenue / orders.orders, orders.currency)
    told = (
        f"{money(orders.revenue, orders.currency)} in {many(orders.orders, 'order')} by {people(orders.buyers)}, "
        f"{mean} an order on average, refunds not taken off."
    )
    if len(orders.weeks) > 1:
        told += " Weeks begin on Monday; the first and the last may be cut short."
    if orders.other_currencies:
        told += f" {many(orders.other_currencies, 'order')} in other currencies are not counted."
    return told
