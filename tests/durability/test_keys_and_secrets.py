"""Keys: random, shown once, a keyed hash, ended within seconds; and no secret in database, backup or answers."""

from __future__ import annotations

import base64
import hashlib
import json
import time

import httpx
import pytest
from clients import batch

from serving import served
from shoal.access.keys import create, find
from shoal.core.time import now
from shoal.flow.backing_up import back_up
from shoal.flow.home import open_home

ENDS_WITHIN_S = 5
CANARY = "whsec_" + base64.b64encode(b"canary-of-a-webhook-secret-value").decode()


@pytest.fixture
def server(tmp_path):
    with served(tmp_path / "home") as server:
        yield server


def contents(*places):
    """All bytes of all files."""
    files = [file for place in places for file in (place.rglob("*") if place.is_dir() else [place]) if file.is_file()]
    return {file: file.read_bytes() for file in files}


def test_a_key_has_256_random_bits_and_opens_by_its_keyed_hash(server):
    opened = open_home(server.home)
    with opened.database.write() as connection:
        made = [create(connection, b"s" * 32, name="a", source="b", scopes=("write",), at=now()) for _ in range(50)]
        texts = [text for _, text in made]
        stored = connection.exec_driver_sql("SELECT digest, beginning FROM api_keys").fetchall()
        assert find(connection, b"s" * 32, texts[0]) == made[0][0]
        assert find(connection, b"t" * 32, texts[0]) is None, "the hash is keyed with the secret"
    opened.database.close()
    random = [base64.urlsafe_b64decode(text.removeprefix("shoal_") + "=") for text in texts]
    assert {len(each) for each in random} == {32}
    assert len(set(random)) == 50
    ones = sum(byte.bit_count() for each in random for byte in each)
    assert abs(ones - 50 * 128) < 4 * (50 * 256 / 4) ** 0.5
    assert {len(digest) for digest, _ in stored} == {64}
    assert not {digest for digest, _ in stored} & {hashlib.sha256(text.encode()).hexdigest() for text in texts}
    assert all(
        text.startswith(beginning) and len(beginning) == 12 for text, (_, beginning) in zip(texts, stored, strict=True)
    )


def test_a_key_is_shown_once_and_a_revoked_one_opens_nothing(server):
    made = json.loads(server.cli("--json", "key", "create", "shop", "--scope", "write"))
    key = made["key"]
    told = server.cli("--json", "key", "list") + server.cli("key", "list")
    assert key not in told
    server.start()
    body = batch("a", 1)[1]
    with httpx.Client(auth=(key, ""), timeout=30) as http:
        post = lambda: http.post(f"{server.url}/v1/batch", json=body)  # noqa: E731
        assert post().status_code == 200
        assert http.get(f"{server.url}/v1/segments").status_code in (403, 404), "what writes does not read"
        server.cli("key", "revoke", str(made["id"]))
        end = time.monotonic() + ENDS_WITHIN_S
        while (answered := post()).status_code == 200:
            assert time.monotonic() < end, "it still opens"
        assert answered.status_code == 401
        assert key not in answered.text
        # a key in an address is none: addresses end up in logs of others
        in_address = httpx.post(f"{server.url}/v1/batch?key={key}&access_token={key}", json=body)
        assert in_address.status_code == 401
        assert key not in in_address.text
    server.kill()
    assert key not in server.log.read_text()
    found = contents(server.home)
    assert [str(file) for file, content in found.items() if key.encode() in content] == []


def test_no_secret_stands_in_the_database_or_a_backup(server, tmp_path):
    key = server.key("write", "read", "manage")
    told = server.cli("--json", "webhook", "create", "stripe", "--secret", CANARY)
    told += server.cli("--json", "webhook", "list")
    assert json.loads(told[told.index("[") :])
    opened = open_home(server.home)
    for name in ("b", "b.tar"):
        back_up(opened, tmp_path / name)
    opened.database.close()
    wanted = (key.encode(), CANARY.encode(), b"canary-of-a-webhook", (server.home / "secret").read_bytes())
    for file, content in contents(server.home, tmp_path / "b", tmp_path / "b.tar").items():
        hits = [secret for secret in wanted if secret in content]
        assert not hits or file == server.home / "secret", file
    assert CANARY not in server.cli("--json", "webhook", "list")
