"""Commands of operation: backup, restore, doctor."""

from __future__ import annotations

ALL = 'did "Order Completed"'


def test_a_backup_is_restored_by_one_command(shoal, shop):
    made = shoal("backup", "b.tar", as_json=True).document
    assert (made["place"], made["database"], made["journal"] >= 1) == ("b.tar", "sqlite", True)
    assert shoal("restore", "b.tar", "--into", "again", home="none").status == 0
    assert shoal("count", ALL, home="again", as_json=True).document["count"] == 2
    assert shoal("restore", "b.tar", "--into", "again").status == 2
    assert shoal("backup", "b.tar").status == 2


def test_a_secret_that_is_left_out_is_told(shoal, shop):
    shoal("key", "create", "shop")
    made = shoal("backup", "b")
    assert "secret is not in it" in " ".join(made.err.split())
    assert "--secret" in shoal("restore", "b", "--into", "again").err
    assert shoal("restore", "b", "--into", "again", "--secret", "home/secret").status == 0
    assert "secret" not in shoal("backup", "c", "--with-secret").err


def test_the_doctor_ends_with_status_one_when_a_check_fails(shoal, shop):
    found = shoal("doctor", as_json=True)
    assert (found.status, found.document["healthy"]) == (0, True)
    next((shop / "home" / "lake" / "events").glob("*.parquet")).unlink()
    found = shoal("doctor", as_json=True)
    assert (found.status, found.document["healthy"]) == (1, False)
    failed = [each for each in found.document["checks"] if each["level"] == "failed"]
    assert [each["check"] for each in failed] == ["lake"]
    assert all(each["fix"] for each in failed)
    told = shoal("doctor")
    assert told.status == 1
    assert "rebuild" in told.out


def test_a_rebuild_says_what_came_back_and_what_did_not(shoal, shop):
    found = shoal("rebuild", as_json=True).document
    assert found["subscribers"] >= 3
    assert "damaged" not in found
    next((shop / "home" / "lake" / "events").glob("*.parquet")).unlink()
    assert "--from-journal" in shoal("rebuild").err
    told = shoal("rebuild", "--from-journal", as_json=True)
    assert (told.status, told.document["lost"]) == (0, {})
    assert told.document["recovered"]["events"] >= 4
    assert shoal("count", ALL, as_json=True).document["count"] == 2
    assert "No file of the lake is damaged." in shoal("rebuild", "--from-journal").out
