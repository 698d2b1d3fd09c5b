"""Users and their sessions: what is kept, and what ends when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import argon2
import pytest
import sqlalchemy as sa

from homes import create
from shoal.access import sessions, users
from shoal.access.tables import sessions as session_rows
from shoal.access.tables import users as user_rows
from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.flow.home import open_home
from shoal.store.database import Database

PASSWORD = "four words are enough"
NOW = Instant(1_780_000_000_000)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    create(tmp_path / "home")
    opened = open_home(tmp_path / "home")
    yield opened.database
    opened.database.close()


def added(connection: sa.Connection, name: str = "ana", role: str = "viewer") -> users.User:
    return users.create(connection, name=name, role=role, password=PASSWORD, at=NOW)


def test_a_password_is_kept_as_argon2id_of_the_least_cost_asked_for_or_more(database):
    with database.write() as connection:
        added(connection)
        kept = connection.scalar(sa.select(user_rows.c.password))
    found = argon2.extract_parameters(kept)
    assert (found.type, found.parallelism) == (argon2.Type.ID, 1)
    assert found.memory_cost >= 19 * 1024
    assert found.time_cost >= 2
    assert PASSWORD not in kept


def test_each_role_may_what_those_before_it_may(database):
    with database.write() as connection:
        table = {role: added(connection, role, role) for role in users.ROLES}
    asked = {role: [other for other in users.ROLES if user.may(other)] for role, user in table.items()}
    everything = ["viewer", "editor", "admin"]
    assert asked == {"viewer": everything[:1], "editor": everything[:2], "admin": everything}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"name": "ANA "}, "bad_user"),
        ({"name": ""}, "bad_user"),
        ({"name": "a b"}, "bad_user"),
        ({"role": "owner"}, "unknown_role"),
        ({"password": "short"}, "bad_password"),
        ({"password": ""}, "bad_password"),
        ({"password": "x" * 201}, "bad_password"),
    ],
)
def test_what_is_no_user_is_refused(database, said, code):
    with database.write() as connection:
        added(connection)
        with pytest.raises(UserError) as told:
            users.create(connection, **{"name": "bo", "role": "viewer", "password": PASSWORD, "at": NOW, **said})
    assert told.value.code == code


def test_a_weaker_hash_of_old_is_made_anew_when_its_owner_signs_in(database):
    with database.write() as connection:
        user = added(connection)
        weak = argon2.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
        connection.execute(sa.update(user_rows).values(password=weak))
        users.rehash(connection, user, PASSWORD, weak)
        _, hashed = users.stored(connection, "Ana")
    assert hashed != weak
    assert users.fits(PASSWORD, hashed)


def test_the_hash_of_nobody_costs_what_any_other_does_and_fits_nothing(database):
    with database.write() as connection:
        added(connection)
        nobody, hashed = users.stored(connection, "bo")
        _, known = users.stored(connection, "ana")
    assert nobody is None
    assert argon2.extract_parameters(hashed) == argon2.extract_parameters(known)
    assert not users.fits("", hashed)


def test_a_session_is_kept_as_a_hash_and_known_by_its_id(database):
    with database.write() as connection:
        user = added(connection)
        shown = sessions.begin(connection, user, NOW)
        rows = connection.execute(sa.select(session_rows)).all()
        found, _ = sessions.find(connection, shown, NOW)
        other, _ = sessions.find(connection, shown[:-1], NOW)
    assert len(shown) >= 43, "256 random bits in base64"
    assert all(shown not in map(str, row) for row in rows)
    assert found is not None
    assert found.user == user
    assert other is None


def test_a_session_ends_when_it_is_idle_and_at_the_latest_after_a_week(database):
    with database.write() as connection:
        shown = sessions.begin(connection, added(connection), NOW)
        at = NOW
        while at + sessions.IDLE.ms - 1 < NOW + sessions.LONGEST.ms:
            at = Instant(at + sessions.IDLE.ms - 1)
            found, to_note = sessions.find(connection, shown, at)
            assert found is not None
            assert to_note
            sessions.used(connection, found, at)
        over, _ = sessions.find(connection, shown, Instant(NOW + sessions.LONGEST.ms))
        idle = sessions.begin(connection, found.user, NOW)
        gone, _ = sessions.find(connection, idle, Instant(NOW + sessions.IDLE.ms))
    assert over is None
    assert gone is None


@pytest.mark.parametrize("change", ["password", "role", "removal"])
def test_a_change_of_password_or_role_ends_all_other_sessions_at_once(database, change):
    with database.write() as connection:
        user, other = added(connection), added(connection, "bo")
        shown = [sessions.begin(connection, user, NOW) for _ in range(3)]
        others = sessions.begin(connection, other, NOW)
        match change:
            case "password":
                users.set_password(connection, user, PASSWORD * 2, but=sessions.digest(shown[0]))
            case "role":
                users.set_role(connection, user, "editor")
            case _:
                users.remove(connection, user)
        left = [sessions.find(connection, one, NOW)[0] is not None for one in shown]
        untouched, _ = sessions.find(connection, others, NOW)
    assert left == [change == "password", False, False]
    assert untouched is not None
