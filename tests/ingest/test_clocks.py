"""When a call happened, by a true clock: a table of clocks that are wrong, and of forms of time."""

from __future__ import annotations

import datetime as dt
import json
import zoneinfo

import pytest

from shoal.core.time import Instant, format_instant, parse_instant
from shoal.ingest.calls import read
from shoal.ingest.source import Context

ARRIVAL = parse_instant("2026-06-15T12:00:00Z")
NEAR_MS = 2_000
S, M, H, D = 1_000, 60_000, 3_600_000, 86_400_000
YEARS = 3_653 * D  # ten
PARIS = zoneinfo.ZoneInfo("Europe/Paris")


def iso(instant):
    return format_instant(Instant(instant))


def local(instant, offset_h=0, form="%Y-%m-%dT%H:%M:%S"):
    moment = dt.datetime.fromtimestamp(instant / 1_000, dt.timezone(dt.timedelta(hours=offset_h)))
    return moment.strftime(form)


def clock(ahead, ago, form=iso):
    """What a device says whose clock is ahead by so much, of what happened so long ago and is sent now."""
    return {"timestamp": form(ARRIVAL + ahead - ago), "sentAt": form(ARRIVAL + ahead)}


T = ARRIVAL - 5 * M  # when it happened, in most cases
CASES = {
    # The clock is wrong, and the request says when it was sent.
    **{
        f"clock {name}": (clock(ahead, 5 * M), T)
        for name, ahead in {
            "right": 0,
            "a second ahead": S,
            "a second behind": -S,
            "5 minutes ahead": 5 * M,
            "5 minutes behind": -5 * M,
            "an hour ahead": H,
            "an hour behind": -H,
            "a day ahead": D,
            "a day behind": -D,
            "a year ahead": 365 * D,
            "a year behind": -365 * D,
            "10 years ahead": YEARS,
            "10 years behind": -YEARS,
            "at 1970": 10 * M - ARRIVAL,
        }.items()
    },
    "10 years behind, epoch ms": (clock(-YEARS, 5 * M, int), T),
    "10 years ahead, epoch s": (clock(YEARS, 5 * M, lambda at: at // 1_000), T),
    "10 years ahead, long kept": (clock(YEARS, 30 * D), ARRIVAL - 30 * D),
    "originalTimestamp comes first": (
        {**clock(H, 5 * M), "originalTimestamp": iso(ARRIVAL + H - 9 * M)},
        ARRIVAL - 9 * M,
    ),
    "history, sent with a right clock": (clock(0, YEARS), ARRIVAL - YEARS),
    "history, sent with a wrong clock": (clock(D, YEARS), ARRIVAL - YEARS),
    "sent before it happened": ({"timestamp": iso(ARRIVAL + 5 * M), "sentAt": iso(ARRIVAL)}, ARRIVAL),
    # Nothing says when it was sent.
    "no sentAt": ({"timestamp": iso(T)}, T),
    "no sentAt, history": ({"timestamp": iso(ARRIVAL - YEARS)}, ARRIVAL - YEARS),
    "no sentAt, a second ahead": ({"timestamp": iso(ARRIVAL + S)}, ARRIVAL),
    "no sentAt, 23 hours ahead": ({"timestamp": iso(ARRIVAL + 23 * H)}, ARRIVAL),
    "no sentAt, 25 hours ahead": ({"timestamp": iso(ARRIVAL + 25 * H)}, ARRIVAL),
    "no sentAt, 10 years ahead": ({"timestamp": iso(ARRIVAL + YEARS)}, ARRIVAL),
    "sentAt alone": ({"sentAt": iso(T)}, T),
    "no time at all": ({}, ARRIVAL),
    "empty times": ({"timestamp": "", "sentAt": None}, ARRIVAL),
    "receivedAt of another server": ({"receivedAt": iso(T - S)}, T - S),
    # Forms of time.
    "epoch ms": ({"timestamp": T}, T),
    "epoch s": ({"timestamp": T // 1_000}, T),
    "epoch µs": ({"timestamp": T * 1_000}, T),
    "epoch ns": ({"timestamp": T * 1_000_000}, T),
    "epoch ms as text": ({"timestamp": str(T)}, T),
    "epoch s with a fraction": ({"timestamp": T / 1_000}, T),
    "ISO with milliseconds": ({"timestamp": iso(T + 123)}, T + 123),
    "ISO with nanoseconds": ({"timestamp": local(T) + ".123456789Z"}, T + 123),
    "ISO east of Greenwich": ({"timestamp": local(T, 9) + "+09:00"}, T),
    "ISO west of Greenwich": ({"timestamp": local(T, -3.5) + "-03:30"}, T),
    "ISO without colons": ({"timestamp": local(T, 2) + "+0200"}, T),
    "with a blank": ({"timestamp": local(T, form="%Y-%m-%d %H:%M:%S") + " UTC"}, T),
    "RFC 2822": ({"timestamp": local(T, form="%a, %d %b %Y %H:%M:%S") + " GMT"}, T),
    "as a browser prints it": ({"timestamp": local(T, form="%a %b %d %Y %H:%M:%S") + " GMT+0000"}, T),
    "no zone": ({"timestamp": local(T)}, T),
    "no zone, both": ({"timestamp": local(T), "sentAt": local(ARRIVAL)}, T),
    "no zone and right zone": ({"timestamp": local(T), "sentAt": iso(ARRIVAL)}, T),
    "leap second": ({"timestamp": "2016-12-31T23:59:60Z"}, parse_instant("2017-01-01")),
    "leap second with a fraction": ({"timestamp": "2016-12-31T23:59:60.500Z"}, parse_instant("2017-01-01")),
    "leap second, elsewhere": ({"timestamp": "2017-01-01T08:59:60+09:00"}, parse_instant("2017-01-01")),
    "29 February": ({"timestamp": "2024-02-29T12:00:00Z"}, parse_instant("2024-02-29T12:00:00Z")),
    "29 February of a year without": ({"timestamp": "2025-02-29T12:00:00Z"}, None),
    "no time": ({"timestamp": "soon"}, None),
    "a truth value": ({"timestamp": True}, None),
    "sent at no time": ({"timestamp": iso(T), "sentAt": "soon"}, None),
}


def taken(times, context=None):
    body = {"batch": [{"type": "track", "event": "Seen", "userId": "u1", "messageId": "m1", **times}]}
    return read("batch", json.dumps(body).encode(), context or Context(received_at=ARRIVAL))


@pytest.mark.parametrize("name", CASES)
def test_the_time_is_the_true_one(name):
    times, truth = CASES[name]
    found = taken(times)
    if truth is None:
        assert [letter.reason for letter in found.letters] == ["bad_time"]
        return
    assert not found.letters
    (at,) = found.records["at"].cast("int64").to_pylist()
    assert abs(at - truth) <= NEAR_MS
    assert at <= ARRIVAL


def test_what_had_not_come_yet_is_told():
    ahead = {f"no sentAt, {each} ahead" for each in ("23 hours", "25 hours", "10 years")} | {"sent before it happened"}
    assert {name for name, (times, _) in CASES.items() if taken(times).ahead} == ahead


def test_a_batch_says_for_all_of_its_calls_when_it_was_sent():
    call = {"type": "track", "event": "Seen", "userId": "u1"}
    calls = [{**call, "messageId": str(ago), "timestamp": iso(ARRIVAL + YEARS - ago * M)} for ago in range(40)]
    own = {**call, "messageId": "own", "timestamp": iso(ARRIVAL - H), "sentAt": iso(ARRIVAL)}
    body = {"batch": [*calls, own], "sentAt": iso(ARRIVAL + YEARS)}
    found = read("batch", json.dumps(body).encode(), Context(received_at=ARRIVAL))
    assert found.records["at"].cast("int64").to_pylist() == [*(ARRIVAL - ago * M for ago in range(40)), ARRIVAL - H]


@pytest.mark.parametrize(
    ("stated", "sent", "minutes"),
    [
        ("2026-03-29T01:30:00", "2026-03-29T03:30:00", 60),  # the hour between was left out
        ("2026-03-29T01:59:00", "2026-03-29T03:01:00", 2),
        ("2025-10-26T01:30:00", "2025-10-26T03:30:00", 180),  # an hour came twice
        ("2025-10-26T02:30:00", "2025-10-26T02:40:00", 10),
        ("2026-01-15T12:00:00", "2026-01-15T12:10:00", 10),
    ],
)
def test_times_without_a_zone_around_a_change_of_clocks(stated, sent, minutes):
    found = taken({"timestamp": stated, "sentAt": sent}, Context(received_at=ARRIVAL, zone=PARIS))
    (at,) = found.records["at"].cast("int64").to_pylist()
    assert at == ARRIVAL - minutes * M


def test_there_are_at_least_forty_cases():
    assert len(CASES) >= 40
