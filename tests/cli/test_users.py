"""Users of the web app on the command line."""

from __future__ import annotations

import pytest
import typer

from shoal.cli import users as commands
from shoal.core.errors import UserError
from shoal.flow.home import open_home
from shoal.flow.signing_in import Reception


def test_one_is_made_with_a_password_that_is_shown_once_and_opens(shoal, tmp_path):
    shoal("init")
    made = shoal("user", "create", "Ana@example.org", "--role", "admin")
    assert "ana@example.org is an admin" in made.out
    password = next(line.removeprefix("Password: ") for line in made.out.splitlines() if "Password" in line)
    assert password not in shoal("user", "list").out
    opened = open_home(tmp_path / "home")
    assert Reception(opened).sign_in("ana@example.org", password, "192.0.2.1").user.role == "admin"
    opened.database.close()


def test_role_password_and_removal(shoal):
    shoal("init")
    first = shoal("user", "create", "bo", as_json=True).document
    assert (first["name"], first["role"]) == ("bo", "viewer")
    assert shoal("user", "role", "bo", "editor", as_json=True).document["role"] == "editor"
    assert shoal("user", "password", "bo", as_json=True).document["password"] != first["password"]
    assert shoal("user", "remove", "bo", as_json=True).document == {"removed": "bo"}
    assert shoal("user", "list", as_json=True).document == []
    assert "shoal user create" in shoal("user", "list").out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("create", "a b"), "bad_user"),
        (("create", "bo", "--role", "owner"), "unknown_role"),
        (("role", "nobody", "admin"), "unknown_user"),
        (("password", "nobody"), "unknown_user"),
        (("remove", "nobody"), "unknown_user"),
    ],
)
def test_mistakes_are_told(shoal, words, code):
    shoal("init")
    ran = shoal("user", *words, as_json=True)
    assert ran.status == 2
    assert code in ran.err


def test_two_that_differ_are_no_password(monkeypatch):
    class Terminal:
        as_json = yes = False

    typed = iter(["four words are enough", "four words were enough"])
    monkeypatch.setattr(commands.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: next(typed))
    with pytest.raises(UserError, match="differ"):
        commands._password(Terminal())
