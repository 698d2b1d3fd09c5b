"""Signing in: what is told, how often it may be tried, and that an unknown name costs what a known one does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from homes import create
from shoal.access import users
from shoal.core.errors import UserError
from shoal.flow import signing_in
from shoal.flow.home import Opened, open_home
from shoal.flow.signing_in import TRIES, Reception

PASSWORD = "four words are enough"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    create(tmp_path / "home")
    opened = open_home(tmp_path / "home")
    signing_in.create_user(opened, "ana", "editor", PASSWORD)
    yield opened
    opened.database.close()


def refused(reception: Reception, name: str, password: str = "wrong", address: str = "192.0.2.1") -> str:
    with pytest.raises(UserError) as told:
        reception.sign_in(name, password, address)
    return told.value.code


def test_who_signs_in_is_known_until_signing_out(opened):
    reception = Reception(opened)
    signed = reception.sign_in(" ANA", PASSWORD, "192.0.2.1")
    session = reception.session(signed.shown)
    assert session is not None
    assert (session.user.name, session.user.role) == ("ana", "editor")
    reception.sign_out(signed.shown)
    assert reception.session(signed.shown) is None
    assert reception.session("") is None


def test_an_unknown_name_is_answered_as_a_wrong_password_after_the_same_work(opened, monkeypatch):
    checked = []
    verify = users.HASHER.verify

    class Counting:
        def verify(self, hashed: str, password: str) -> bool:
            checked.append(hashed.split("$")[:4])
            return verify(hashed, password)

    monkeypatch.setattr(users, "HASHER", Counting())
    reception = Reception(opened)
    told = []
    for name in ("ana", "nobody"):
        with pytest.raises(UserError) as error:
            reception.sign_in(name, "wrong", "192.0.2.1")
        told.append(str(error.value))
    assert told[0] == told[1]
    assert len(checked) == 2
    assert checked[0] == checked[1]


def test_five_tries_a_minute_for_a_name_and_for_an_address(opened):
    seconds = [0.0]
    reception = Reception(opened, lambda: seconds[0])
    by_name = [refused(reception, "ana", address=f"192.0.2.{number}") for number in range(TRIES)]
    assert by_name == ["wrong_password"] * TRIES
    assert refused(reception, "Ana ", PASSWORD, "192.0.2.99") == "too_many_tries"
    by_address = [refused(reception, f"name{number}", address="192.0.2.200") for number in range(TRIES)]
    assert by_address == ["wrong_password"] * TRIES
    assert refused(reception, "another", address="192.0.2.200") == "too_many_tries"
    seconds[0] = 59.9
    assert refused(reception, "ana", PASSWORD) == "too_many_tries"
    seconds[0] = 60.0
    assert reception.sign_in("ana", PASSWORD, "192.0.2.1").user.name == "ana"


def test_a_change_from_elsewhere_ends_sessions_of_a_running_server(opened):
    reception = Reception(opened)
    shown = reception.sign_in("ana", PASSWORD, "192.0.2.1").shown
    signing_in.set_role(opened, "ana", "viewer")
    assert reception.session(shown) is None
