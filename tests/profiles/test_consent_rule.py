"""Whose word counts: the rule of consent, in Python and in SQL, and the laws that make it safe."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.profiles import consent
from shoal.profiles.consent import is_dated


class Said(NamedTuple):
    state: str
    at: int
    received_at: int
    event_id: int
    source: str
    contact: int = 0
    method: str | None = None
    changed: int = 0

    @property
    def address(self) -> int:
        return self.contact


MINUTE = 60_000


def said(*told: str) -> list[Said]:
    """Statements such as "crm denied 5" (dated, minute 5) or "crm/2 granted seen 9" (undated, of the address 2).

    "crm denied seen 9 row 3" is shown by a row that changed in minute 3.
    """
    found = []
    for number, each in enumerate(told):
        words, _, row = each.partition(" row ")
        who, state, *seen, minute = words.split()
        source, _, contact = who.partition("/")
        at = round(float(minute) * MINUTE)
        complaint = state == "complained"
        state, method = ("denied", consent.COMPLAINT) if complaint else (state, None)
        found.append(
            Said(state, at, at if seen else 1_000 * MINUTE, number, source, int(contact or 0), method, int(row or 0))
        )
    return found


CASES = {
    # dated statements: the latest, and a refusal where two have the same instant
    "granted": ["crm granted 5"],
    "denied": ["crm granted 5", "crm denied 6"],
    "granted after a refusal": ["crm denied 5", "shop granted 6"],
    "denied at the same instant": ["crm denied 5", "shop granted 5"],
    "pending at the same instant as a grant": ["crm pending 5", "shop granted 5"],
    "pending after a refusal": ["crm denied 5", "crm pending 6"],
    "pending after a grant": ["crm granted 5", "crm pending 6"],
    # undated grants
    "granted, only seen": ["crm granted seen 5"],
    "denied, then seen as granted": ["crm denied 5", "crm granted seen 9"],
    "denied, then seen as granted elsewhere": ["crm denied 5", "shop granted seen 9"],
    "denied by a source, seen as granted by another": ["crm denied seen 5", "shop granted seen 9"],
    "denied by two, one takes it back": ["crm denied seen 5", "shop denied seen 6", "shop granted seen 9"],
    "denied, since nobody knows which row is newer": ["crm denied seen 5", "crm granted seen 9"],
    "denied, since the source says otherwise": ["crm granted seen 5", "crm denied seen 9"],
    # of undated statements, when the row that shows them last changed tells which is the newer
    "granted by a newer row": ["crm denied seen 5 row 2", "crm granted seen 9 row 3"],
    "granted by a newer row that was imported first": ["crm denied seen 9 row 2", "crm granted seen 5 row 3"],
    "denied by a newer row": ["crm granted seen 5 row 2", "crm denied seen 9 row 3"],
    "denied by a newer row that was imported first": ["crm denied seen 5 row 3", "crm granted seen 9 row 2"],
    "denied by a row as new": ["crm denied seen 5 row 3", "crm granted seen 9 row 3"],
    "denied by a row of unknown age": ["crm denied seen 5", "crm granted seen 9 row 3"],
    "denied, a yes in a row of unknown age": ["crm denied seen 5 row 3", "crm granted seen 9"],
    "denied by one row of two": ["crm denied seen 5 row 2", "crm denied seen 6 row 4", "crm granted seen 9 row 3"],
    "denied, a newer row of another source": ["crm denied seen 5 row 2", "shop granted seen 9 row 3"],
    "denied, a newer row of another contact": ["crm denied seen 5 row 2", "crm/1 granted seen 9 row 3"],
    "denied with a date, whatever a newer row shows": ["crm denied 5", "crm granted seen 9 row 6"],
    "pending, as an older row was imported last": ["crm pending seen 5 row 3", "crm granted seen 9 row 2"],
    "granted, the request is in an older row": ["crm pending seen 9 row 2", "crm granted seen 5 row 3"],
    "pending, seen by one and granted by another": ["crm pending seen 5", "shop granted seen 9"],
    "granted with a date since it was seen as pending": ["crm pending seen 5", "shop granted 6", "crm granted seen 9"],
    "denied by a source that says both at once": ["crm granted seen 5", "crm denied seen 5"],
    "granted with a date before a refusal was seen, so denied": ["shop granted 4", "crm denied seen 5"],
    "granted with a date after a refusal was seen": ["crm denied seen 5", "shop granted 6"],
    "granted with a date, and the source takes its word back": [
        *("crm denied 1", "crm granted 2", "shop denied seen 5 row 3", "shop granted seen 6 row 4"),
    ],
    # each address has its own yes and no; the person is reachable through one that may be mailed
    "granted, the other address refused": ["crm/1 denied seen 5", "crm/2 granted seen 9"],
    "granted, the other address refused with a date": ["crm/1 denied 5", "crm/2 granted seen 4"],
    "granted, the other address refused later": ["crm/1 granted 5", "crm/2 denied 6"],
    "denied, one of two refused and the other was only asked": ["crm/1 denied 5", "crm/2 pending 6"],
    "denied, both refused": ["crm/1 denied 5", "crm/2 denied seen 5", "shop/2 granted seen 9"],
    "pending, both were only asked": ["crm/1 pending 5", "crm/2 pending 6"],
    # what names no address is about all of them
    "denied, the person refused": ["crm denied 5", "crm/1 granted 3", "crm/2 granted 4"],
    "granted at one address since the person refused": ["crm denied 5", "crm/1 granted 3", "crm/2 granted 6"],
    "denied, the person allowed before an address refused": ["crm granted 4", "crm/1 denied 5"],
    "denied, the person allowed between two refusals": ["crm/1 denied 3", "crm granted 4", "crm/2 denied 5"],
    "granted, the person allowed after both refused": ["crm/1 denied 3", "crm granted 6", "crm/2 denied 5"],
    "pending, a setting of the person reaches one address and not the other": [
        *("crm granted seen 9", "crm/1 pending 1", "crm/2 denied 3", "crm/2 pending 5"),
    ],
    "granted at the address that allowed": ["crm granted 4", "crm/1 denied 5", "crm/2 granted 3"],
    # a complaint is about the person, until the address that complained is allowed again
    "denied, the other address complained": ["crm/1 complained 5", "crm/2 granted 3"],
    "denied, whatever another address says": ["crm/1 complained 5", "crm/2 granted 9"],
    "denied, a complaint outlasts a later refusal": ["crm/1 complained 5", "crm/1 denied 7", "crm/2 granted 9"],
    "granted, the address that complained is allowed": ["crm/1 complained 5", "crm/1 granted 6", "crm/2 denied 9"],
    "granted, the person is allowed after a complaint": ["crm/1 complained 5", "crm granted 6", "crm/2 denied 4"],
    "granted, a setting of the address takes it back": [
        *("crm/1 complained seen 5 row 1", "crm/1 granted seen 8 row 2", "crm/2 granted seen 5"),
    ],
    # undated pending lifts no refusal, and holds a grant back
    "denied, then seen as pending": ["crm denied seen 5", "crm pending seen 9"],
    "pending, as seen after a grant": ["crm granted 5", "shop pending seen 9"],
    "pending, as seen after a refusal and a grant": ["crm denied 4", "crm granted 5", "shop pending seen 9"],
    "pending, whatever was seen since": ["crm denied 4", "crm pending 5", "shop granted seen 9"],
    "granted, as seen after pending": ["crm pending 5", "shop granted seen 9"],
}


@pytest.mark.parametrize("name", CASES)
def test_the_rule(name: str) -> None:
    want = "denied" if name.endswith("so denied") else name.split(maxsplit=1)[0].strip(",")
    for order in itertools.permutations(said(*CASES[name])):
        assert _state(order) == want
    assert _by_sql(said(*CASES[name])) == want


def test_the_deciding_statement_tells_who_said_it() -> None:
    told = said("crm denied 5", "shop denied 7", "mail granted seen 9", "crm denied 6", "crm granted 3")
    deciding = consent.deciding(told)
    assert deciding is not None
    assert (deciding.source, deciding.at) == ("shop", 7 * MINUTE)
    assert consent.deciding([]) is None


@st.composite
def statements(draw: st.DrawFn) -> Said:
    at = draw(st.integers(0, 7)) * MINUTE // 2
    state = draw(st.sampled_from(("granted", "granted", "denied", "pending")))
    received_at = at + draw(st.sampled_from((0, 0, 1, 9)))
    method = draw(st.sampled_from((None, None, None, consent.COMPLAINT)))
    about = (draw(st.integers(0, 9)), draw(sources), draw(st.integers(0, 2)))
    return Said(state, at, received_at, *about, method, draw(st.sampled_from((0, 1, 2))))


sources = st.sampled_from(("crm", "shop", "mail"))
histories = st.lists(statements(), max_size=7)


@settings(max_examples=300)
@given(histories)
def test_sql_and_python_agree(stated: list[Said]) -> None:
    assert _by_sql(stated) == _state(stated)


@settings(max_examples=300)
@given(histories)
def test_sql_and_python_agree_on_each_address(stated: list[Said]) -> None:
    _fill(_DUCK, [(1, 1, *one, one.address) for one in stated])
    found = _DUCK.execute(f"SELECT address, state FROM ({consent.addresses_sql('stated', by='subscriber')})").fetchall()
    want = {address: one.state for address, one in consent.by_address(stated).items()}
    assert dict(found) == want


@settings(max_examples=300)
@given(st.data())
def test_order_and_repetition_change_nothing(data: st.DataObject) -> None:
    stated = data.draw(histories.filter(len))
    repeats = data.draw(st.lists(st.sampled_from(stated), max_size=4))
    shuffled = data.draw(st.permutations([*stated, *repeats]))
    assert consent.deciding(shuffled) == consent.deciding(stated)


@settings(max_examples=500)
@given(histories, statements())
def test_a_refusal_never_makes_anybody_reachable(stated: list[Said], other: Said) -> None:
    if _state(stated) != "granted":
        assert _state([*stated, other._replace(state="denied")]) != "granted"


@settings(max_examples=500)
@given(histories, statements())
def test_an_undated_grant_lifts_only_undated_refusals_of_its_own_contact(stated: list[Said], other: Said) -> None:
    grant = other._replace(state="granted", received_at=other.at)
    stated = [one for one in stated if one.address in (0, grant.address)]
    refused = [one for one in stated if one.state == "denied"]
    own = [
        one
        for one in refused
        if one.at == one.received_at and (one.source, one.contact) == (grant.source, grant.contact)
    ]
    before, after = _state(stated), _state([*stated, grant])
    if refused and not own:
        if before == "denied":
            assert after == "denied"
        if any(one.at < one.received_at for one in refused):
            assert (before == "granted") == (after == "granted")


@settings(max_examples=500)
@given(histories, statements(), st.sampled_from((1, 2)))
def test_a_grant_for_one_address_lifts_no_refusal_of_another(stated: list[Said], other: Said, address: int) -> None:
    grant = other._replace(state="granted", contact=3)
    before, after = consent.by_address(stated), consent.by_address([*stated, grant])
    if address in before:
        assert after[address] == before[address]


@settings(max_examples=300)
@given(histories)
def test_one_address_is_the_person(stated: list[Said]) -> None:
    """What names the only address and what names none are the same."""
    alone = [one._replace(contact=1) for one in stated]
    mixed = [one._replace(contact=number % 2) for number, one in enumerate(stated) if is_dated(one)]
    assert _state(alone) == _state([one._replace(contact=0) for one in alone])
    assert _state(mixed) == _state([one._replace(contact=0) for one in mixed])


@settings(max_examples=500)
@given(histories, statements())
def test_a_complaint_is_lifted_by_no_other_address(stated: list[Said], other: Said) -> None:
    """Nor by what another address says after it."""
    complaint = other._replace(state="denied", contact=1, method=consent.COMPLAINT)
    others = [one for one in stated if one.contact == 2]
    assert _state([complaint, *others]) == "denied"


@settings(max_examples=500)
@given(st.data())
def test_the_order_of_imports_changes_nothing(data: st.DataObject) -> None:
    """Each undated statement is of its own import; all dates are before the first."""
    dated = data.draw(st.lists(statements(), max_size=4))
    dated = [one._replace(received_at=one.at + 1) for one in dated]
    shown = data.draw(st.lists(statements(), min_size=1, max_size=5))
    other = data.draw(st.permutations(shown))
    states = {_state([*dated, *_imported(order)]) for order in (shown, other)}
    assert len(states) == 1


def _imported(order: list[Said]) -> list[Said]:
    moments = [(10 + number) * MINUTE for number in range(len(order))]
    return [one._replace(at=moment, received_at=moment) for one, moment in zip(order, moments, strict=True)]


@settings(max_examples=500)
@given(histories, statements())
def test_an_older_row_lifts_no_refusal(stated: list[Said], other: Said) -> None:
    """Nor does one that is as old; whether another address is reached is another matter."""
    refusal = other._replace(state="denied", received_at=other.at, changed=2)
    refused = consent.by_address([*stated, refusal])[refusal.address]
    for changed in (0, 1, 2):
        grant = refusal._replace(state="granted", at=9 * MINUTE, received_at=9 * MINUTE, changed=changed)
        if refused.state == "denied":
            assert consent.by_address([*stated, refusal, grant])[refusal.address].state == "denied"


@settings(max_examples=300)
@given(histories)
def test_what_is_set_aside_has_no_date_and_refuses_nothing(stated: list[Said]) -> None:
    aside = consent.set_aside(stated)
    assert all(one.at == one.received_at and one.state != "denied" for one in aside)
    assert len({one.source for one in aside}) == len(aside)
    (latest,) = consent.set_aside(said("crm denied 5", "shop granted seen 7", "shop granted seen 9"))
    assert latest.at == 9 * MINUTE


def test_states_are_told_by_whatever_they_are_asked_by() -> None:
    rows = [(1, 1, one) for one in said("crm granted 5")] + [
        (1, 2, one) for one in said("crm granted 5", "crm denied 6")
    ]
    with duckdb.connect() as duck:
        _fill(duck, [(person, when, *one, one.address) for person, when, one in rows])
        found = duck.execute(
            f"SELECT subscriber, since, state FROM ({consent.states_sql('stated', 'subscriber, since')})"
        )
        assert sorted(found.fetchall()) == [(1, 1, "granted"), (1, 2, "denied")]


def _state(stated: Iterable[Said]) -> str | None:
    found = consent.deciding(stated)
    return found.state if found else None


_DUCK = duckdb.connect(config={"threads": 1})


def _by_sql(stated: list[Said]) -> str | None:
    _fill(_DUCK, [(1, 1, *one, one.address) for one in stated])
    found = _DUCK.execute(consent.states_sql("stated")).fetchall()
    assert len(found) <= 1
    return found[0][3] if found else None


def _fill(duck: duckdb.DuckDBPyConnection, rows: list[tuple[object, ...]]) -> None:
    duck.execute(
        'CREATE OR REPLACE TABLE stated (subscriber BIGINT, since BIGINT, state VARCHAR, "at" TIMESTAMP, '
        "received_at TIMESTAMP, event_id BIGINT, source VARCHAR, contact BIGINT, method VARCHAR, changed BIGINT, "
        "address BIGINT, "
        "channel VARCHAR DEFAULT 'email', purpose VARCHAR DEFAULT 'marketing')"
    )
    for row in rows:
        duck.execute(
            'INSERT INTO stated (subscriber, since, state, "at", received_at, event_id, source, contact, method, '
            "changed, address) VALUES (?, ?, ?, make_timestamp_ms(?), make_timestamp_ms(?), ?, ?, ?, ?, ?, ?)",
            row,
        )
