"""Real payloads through the real route: every one is accepted."""

from __future__ import annotations

import time

import pytest
from payloads import EXPECTED, delivered
from starlette.testclient import TestClient
from vendors import VENDORS, amazon

from homes import create
from shoal.api.app import made
from shoal.flow.home import open_home
from shoal.flow.webhooks import create_webhook

BASE = "https://shoal.example.org"


TOLD = {name.partition("/")[0] for name in EXPECTED}


@pytest.mark.parametrize("vendor", [each for each in VENDORS if each.name in TOLD], ids=lambda vendor: vendor.name)
def test_every_payload_is_accepted(vendor, tmp_path, shared_data):
    create(tmp_path / "home")
    opened = open_home(tmp_path / "home")
    secret, key = vendor.new_key()
    create_webhook(opened, vendor.name, secret=secret, address=BASE)
    path = f"/v1/webhooks/{vendor.name}"
    names = [name for name in EXPECTED if name.startswith(f"{vendor.name}/")]
    at = int(time.time())
    with TestClient(made(opened, fetch=lambda _: amazon()[1])) as client:
        for number, name in enumerate(names):
            headers, body = delivered(shared_data / "payloads" / f"{name}.json")
            signature, body = vendor.signed(key, body, at - number, f"{BASE}{path}")
            answer = client.post(path, headers={**signature, **headers}, content=body)
            assert answer.status_code == 200, (name, answer.json())
            kept = [line for line in EXPECTED[name] if not line.startswith(("skipped: ", "refused: "))]
            refused = [line for line in EXPECTED[name] if line.startswith("refused: ")]
            if "again" not in answer.json():  # two files may hold the same
                assert answer.json()["records"] == len(kept)
                assert len(answer.json().get("refused", [])) == len(refused)
    assert names
