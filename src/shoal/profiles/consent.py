"""Consent of one subscriber per channel, purpose and address, from the view `consents` of a reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import duckdb

from shoal.core.time import Instant, to_datetime
from shoal.ingest.canonical import ConsentState


class Statement(Protocol):
    """What the rule needs to know of a statement of consent."""

    @property
    def state(self) -> str:
        """One of `CAUTION`."""

    @property
    def at(self) -> int:
        """When it was given or refused, in ms."""

    @property
    def received_at(self) -> int:
        """When we heard of it, in ms; the same where nobody said when."""

    @property
    def event_id(self) -> int:
        """The record that states it."""

    @property
    def source(self) -> str:
        """Who says so."""

    @property
    def contact(self) -> int:
        """Of which contact of the source: the id of the address that the record names, else of its strongest key."""

    @property
    def address(self) -> int:
        """The id of the address (for SMS the number) that it is about; 0 where it names none: about the person."""

    @property
    def changed(self) -> int:
        """Without a date: when the row that shows it last changed, in ms; 0 where the row doesn't say."""

    @property
    def method(self) -> str | None:
        """How it came about; `COMPLAINT` is one of the person, whatever the address."""


S = TypeVar("S", bound=Statement)

CAUTION = ("granted", "pending", "denied")
"""States in ascending caution: of two statements of the same instant the more cautious one is the later."""

COMPLAINT = "spam_complaint"
"""The method of a refusal by somebody who marked a message as spam."""

ADDRESS_SQL = """CASE
    WHEN contacts.kind = CASE channel WHEN 'email' THEN 'email' WHEN 'sms' THEN 'phone' END THEN contact ELSE 0 END"""
"""`Statement.address` of a row of the lake, joined with the keys as `contacts`."""

UNKNOWN = 2**62
"""Stands for the time of a row that doesn't tell when it last changed, where that may be later than any other."""


@dataclass(frozen=True, slots=True)
class Consented:
    """One statement of consent: what was allowed or refused, how, by whom it was told, when."""

    channel: str
    purpose: str
    state: ConsentState
    method: str | None  # "double_opt_in", "import"; None where the source doesn't say
    text_version: str | None
    source: str
    at: Instant
    received_at: Instant
    event_id: int
    contact: int = 0  # of the source: an id of a key
    address: int = 0  # that it is about; 0: about the person
    changed: int = 0  # without a date: when the row that shows it last changed; 0 where the row doesn't say

    @property
    def dated(self) -> bool:
        """Whether the source says when; else it only shows a setting as it was when we read it."""
        return is_dated(self)


def is_dated(statement: Statement) -> bool:
    """Whether a statement names its own time.

    Where it has none, or a future one, its arrival stands in for it.
    """
    return statement.at < statement.received_at


def deciding(statements: Iterable[S]) -> S | None:
    """The statement that decides whether a person may be reached, of all that are known; None where there is none.

    Each address has its own consent (`by_address`), and the person may be reached where one of them may:

    - Granted is who granted for an address and may be reached there, or who may be reached at every address.
    - A complaint refuses for all addresses until the one that complained, or the person, is granted or asked later.
    - Else they have refused where any address has, and are pending where none has.

    A refusal of the one address is no refusal of the other, and a grant for the one lifts nothing of the other.
    `states_sql` is the same rule for all subscribers at once.
    """
    pools = _pools(statements)
    decided = {address: found for address, pool in pools.items() if (found := _latest(pool))}
    if len(pools) > 1:
        pools.pop(0, None)
        decided.pop(0, None)
    complained = [found for pool in pools.values() if (found := _standing_complaint(pool))]
    if complained:
        return max(complained, key=_order)
    by_state = {state: [one for one in decided.values() if one.state == state] for state in CAUTION}
    reached = [one for address, one in decided.items() if one.state == "granted" and _allows(pools[address], address)]
    chosen = reached or by_state["denied"] or by_state["pending"] or by_state["granted"]
    return max(chosen, key=_order, default=None)


def by_address(statements: Iterable[S]) -> dict[int, S]:
    """The statement that decides for each address that is named, of its own statements and those about the person.

    Under 0 the one that decides for an address of which nothing is stated; absent where nothing is about the person.
    """
    return {address: found for address, pool in _pools(statements).items() if (found := _latest(pool))}


def _pools(statements: Iterable[S]) -> dict[int, list[S]]:
    """Statements that stand, by the address they are about, each with those about the person."""
    known = _standing(statements)
    shared = [one for one in known if not one.address]
    named = dict.fromkeys(one.address for one in known)
    return {address: [one for one in known if one.address == address and address] + shared for address in named}


def _allows(pool: Iterable[Statement], address: int) -> bool:
    return any(one.state == "granted" and one.address == address for one in pool)


def _standing_complaint(pool: Iterable[S]) -> S | None:
    found = _latest(one for one in pool if one.state != "denied" or one.method == COMPLAINT)
    return found if found and found.state == "denied" else None


def _latest(statements: Iterable[S]) -> S | None:
    """The statement that decides for one address, of all that are known by an instant; None where there is none.

    The latest decides, by (at, caution, event_id), with these limits, so that nobody who refused is reached because
    an export repeats an older "yes":

    - A statement without a date lifts no refusal. After a refusal only a later dated grant, or a later dated request
      (pending), counts again; what is pending since holds that grant back, with a date or without.
    - Of a grant and a request that both have no date the request counts, whichever came first.
    - What `_standing` leaves out doesn't count.
    """
    ordered = sorted(statements, key=_order)
    refusals = [one for one in ordered if one.state == "denied"]
    others = [one for one in ordered if one.state != "denied"]
    if not refusals:
        asked = any(one.state == "pending" and not is_dated(one) for one in others)
        return next((one for one in reversed(others) if not asked or one.state == "pending" or is_dated(one)), None)
    refusal = refusals[-1]
    later = [one for one in others if one.at > refusal.at and (one.state == "pending" or is_dated(one))]
    return later[-1] if any(is_dated(one) for one in later) else refusal


def set_aside(statements: Iterable[S]) -> tuple[S, ...]:
    """What was seen after the deciding statement and would reach more people, the latest of each source, oldest first.

    None of it has a date, or it would decide, and none of it refuses: what another address refused is in `by_address`.
    """
    known = sorted(_standing(statements), key=_order)
    chosen = deciding(known)
    if chosen is None:
        return ()
    later = [one for one in known if one.at > chosen.at and one.state != chosen.state]
    since = [one for one in later if not is_dated(one) and one.state != "denied"]
    latest = {one.source: one for one in since}
    return tuple(one for one in since if latest[one.source] is one)


def _order(statement: Statement) -> tuple[int, int, int, str, int, int, str, int]:
    # Ids of records hold their source, so the last five only serve to leave nothing open.
    caution = CAUTION.index(statement.state)
    last = (statement.received_at, statement.method or "", statement.changed)
    return statement.at, caution, statement.event_id, statement.source, statement.contact, *last


def _standing(statements: Iterable[S]) -> list[S]:
    """Statements without the refusals and requests that a newer row of their own source and contact takes back.

    A refusal without a date, which is a setting seen in an export, is taken back where the same source shows a grant
    for the same contact, without a date too, in a row that changed later than each row that shows the refusal. When
    the exports were imported has no part in it: an old one may come last. So where one of the rows doesn't tell when
    it changed, the refusal stays. The same is so of what is pending.
    """
    known = list(statements)
    rows: dict[tuple[str, int, str], int] = {}
    for one in known:
        if not is_dated(one):
            about = (one.source, one.contact, one.state)
            rows[about] = max(rows.get(about, 0), one.changed or (0 if one.state == "granted" else UNKNOWN))
    return [
        one
        for one in known
        if is_dated(one)
        or one.state == "granted"
        or rows.get((one.source, one.contact, "granted"), 0) <= rows[one.source, one.contact, one.state]
    ]


def states_sql(relation: str, by: str = "subscriber, channel, purpose") -> str:
    """SQL of the state that `deciding` finds: columns `by` and state.

    `relation` is a name, or a query in brackets, of ours with the columns of the view `consents`, cut off at the
    instant that is asked for. `by` names the columns that tell one consent from another.
    """
    return f"""SELECT {by}, CASE
    WHEN max(address) = 0 THEN max(state)
    WHEN max(CASE WHEN address <> 0 AND complained THEN 1 END) = 1 THEN 'denied'
    WHEN max(CASE WHEN address <> 0 AND state = 'granted' AND allows THEN 1 END) = 1
        OR min(CASE WHEN address <> 0 AND state <> 'granted' THEN 0 ELSE 1 END) = 1 THEN 'granted'
    WHEN max(CASE WHEN address <> 0 AND state = 'denied' THEN 1 END) = 1 THEN 'denied'
    ELSE 'pending' END AS state
FROM ({addresses_sql(relation, by)}) AS of_address GROUP BY {by}"""


def addresses_sql(relation: str, by: str = "subscriber, channel, purpose") -> str:
    """SQL of the states that `by_address` finds: columns `by`, address, state, and for `states_sql` allows, complained.

    `allows` is whether a grant names the address, `complained` whether a complaint stands.
    """
    pooled = ", ".join(f"greatest(own.{name}, shared.{name}) AS {name}" for name in _POOLED)
    return f"""WITH own AS (
    SELECT {by}, address, max(greatest(refused, {_standing_sql("seen_refused", "refused_row")})) AS refused,
           max(greatest(blamed, {_standing_sql("seen_blamed", "refused_row")})) AS blamed,
           max(granted) AS granted, max(seen) AS seen, max(asked) AS asked,
           max({_standing_sql("seen_asked", "asked_row")}) AS waiting
    FROM (SELECT {by}, address,
                 {_latest_sql("refused", "denied", "<")}, {_latest_sql("seen_refused", "denied", ">=")},
                 {_latest_sql("blamed", "denied", "<", _COMPLAINED)},
                 {_latest_sql("seen_blamed", "denied", ">=", _COMPLAINED)},
                 {_latest_sql("granted", "granted", "<")}, {_latest_sql("seen", "granted", ">=")},
                 {_latest_sql("asked", "pending", "<")}, {_latest_sql("seen_asked", "pending", ">=")},
                 {_row_sql("granted_row", "granted", 0)}, {_row_sql("refused_row", "denied", UNKNOWN)},
                 {_row_sql("asked_row", "pending", UNKNOWN)}
          FROM {relation} AS stated GROUP BY {by}, address, source, contact) AS by_contact
    GROUP BY {by}, address)
SELECT {by}, address, allows,
    blamed IS NOT NULL AND NOT coalesce(greatest(granted, asked) > blamed, false) AS complained,
    CASE WHEN refused IS NOT NULL AND NOT coalesce(greatest(granted, asked) > refused, false) THEN 'denied'
    WHEN coalesce(asked, waiting) IS NOT NULL AND NOT coalesce(
        greatest(granted, CASE WHEN refused IS NULL AND waiting IS NULL THEN seen END) > greatest(asked, waiting),
        false) THEN 'pending'
    ELSE 'granted' END AS state
FROM (SELECT {by}, own.address, own.granted IS NOT NULL OR own.seen IS NOT NULL AS allows, {pooled}
      FROM own LEFT JOIN (SELECT * FROM own WHERE address = 0) AS shared USING ({by})) AS pooled"""


_POOLED = ("refused", "blamed", "granted", "seen", "asked", "waiting")
_COMPLAINED = f" AND method = '{COMPLAINT}'"


def _latest_sql(name: str, state: str, dated: str, more: str = "") -> str:
    """The latest instant of statements with a date (`<`) or without one (`>=`)."""
    return f"""max("at") FILTER (state = '{state}' AND "at" {dated} received_at{more}) AS {name}"""


def _row_sql(name: str, state: str, unknown: int) -> str:
    """When the rows that show a state without a date last changed; `unknown` where one of them doesn't say."""
    row = f"CASE WHEN changed <> 0 THEN changed ELSE {unknown} END"
    return f"""max({row}) FILTER (state = '{state}' AND "at" >= received_at) AS {name}"""


def _standing_sql(seen: str, row: str) -> str:
    """A refusal or request without a date, unless a newer row takes it back: `_standing`."""
    return f"CASE WHEN granted_row > {row} THEN NULL ELSE {seen} END"


def current(
    duck: duckdb.DuckDBPyConnection, subscriber: int, *, at: Instant | None = None
) -> dict[tuple[str, str], Consented]:
    """The deciding statement by (channel, purpose) at an instant, now by default, in the order of their names.

    Where nothing was ever said there is no entry, and that is no consent.
    """
    found = {about: deciding(statements) for about, statements in by_purpose(history(duck, subscriber, at=at)).items()}
    return {about: each for about, each in found.items() if each is not None}


def by_purpose(statements: Iterable[Consented]) -> dict[tuple[str, str], tuple[Consented, ...]]:
    """Statements by (channel, purpose), in the order of their names."""
    stated: dict[tuple[str, str], list[Consented]] = {}
    for each in statements:
        stated.setdefault((each.channel, each.purpose), []).append(each)
    return {about: tuple(each) for about, each in sorted(stated.items())}


def history(duck: duckdb.DuckDBPyConnection, subscriber: int, *, at: Instant | None = None) -> tuple[Consented, ...]:
    """All statements up to an instant, the oldest first."""
    values: list[Any] = [subscriber]
    until = ""
    if at is not None:
        until = 'AND "at" <= ?'
        values.append(to_datetime(at).replace(tzinfo=None))
    rows = duck.execute(
        f"""SELECT channel, purpose, state, method, text_version, source,
                   epoch_ms("at"), epoch_ms(received_at), event_id, contact, address, changed
            FROM consents WHERE subscriber = ? {until} ORDER BY ALL""",
        values,
    ).fetchall()
    return tuple(sorted((Consented(*row) for row in rows), key=_order))
