"""Files into a workspace, on both databases: every row accounted for, nothing twice, nothing half."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile

import pytest
import sqlalchemy as sa

from shoal.core.errors import UserError
from shoal.core.time import parse_instant
from shoal.flow import asking
from shoal.flow.home import one_writer
from shoal.flow.importing import import_paths
from shoal.flow.reading import open_reading
from shoal.ingest import ledger
from shoal.ingest.mapping import mapping_from
from shoal.ingest.tables import import_rejects
from shoal.store import lake
from shoal.store.database import metadata

NOW = parse_instant("2026-02-01")
BOUGHT = 'did "Order Completed"'


def count(opened, sentence=BOUGHT):
    return asking.count(opened, sentence, NOW).counts.members


def events(opened):
    with open_reading(opened) as duck:
        return duck.execute("SELECT count(*), count(DISTINCT event_id) FROM records").fetchone()


def table_sizes(opened):
    with opened.database.read() as connection:
        return {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in metadata.sorted_tables
        }


def lake_files(opened):
    return sorted(str(path.relative_to(opened.home.lake)) for path in opened.home.lake.glob("*/*"))


def test_every_row_is_accounted_for_and_counted(opened, write, shop):
    rows = [*shop, "no json at all", {"type": "track", "userId": "u1", "timestamp": "2026-01-03"}, {"type": "bogus"}]
    (done,) = import_paths(opened, [write("events.jsonl", rows)])
    line = done.line
    assert (line.rows_read, line.rows_stored, line.rows_rejected) == (len(rows), len(shop), 3)
    assert line.rows_read == line.rows_stored + line.rows_skipped + line.rows_rejected
    assert sum(line.reasons.values()) == line.rows_rejected + line.rows_skipped
    assert (line.records, line.duplicates, line.finished, done.again) == (len(shop), 0, True, False)
    assert events(opened) == (len(shop), len(shop))
    assert count(opened) == 10
    assert count(opened, 'did "Product Viewed" where path is "/p/3" and plan is "trial"') == sum(
        person % 5 >= 2 and person % 2 == 1 for person in range(30)
    )
    with opened.database.read() as connection:
        lake.verify(opened.home.lake, lake.catalogued(connection))


def test_skipped_rows_are_counted_by_reason(opened, write):
    mapping = mapping_from(
        {
            "source": "till",
            "at": "when",
            "keys": {"email": "mail"},
            "events": [{"name": "Order Completed", "properties": {"total": {"column": "amount", "type": "number"}}}],
            "skip": [{"reason": "test_order", "when": [{"column": "amount", "is": "0"}]}],
            "reject": [{"reason": "no_amount", "when": [{"column": "amount", "blank": True}]}],
        }
    )
    text = ["when,mail,amount", "2026-01-01,a@example.org,5", "2026-01-02,b@example.org,0", "2026-01-03,c@example.org,"]
    (done,) = import_paths(opened, [write("till.csv", text)], source=mapping)
    assert (done.line.rows_read, done.line.rows_stored, done.line.rows_skipped, done.line.rows_rejected) == (3, 1, 1, 1)
    assert done.line.reasons == {"test_order": 1, "no_amount": 1}
    assert count(opened) == 1


def test_refused_rows_are_told_with_line_and_reason_and_without_their_values(opened, write, shop):
    secret = {"type": "track", "timestamp": "2026-01-03", "event": "X", "properties": {"email": "secret.person@"}}
    path = write("events.jsonl", [shop[0], secret, shop[1], "{broken"])
    (done,) = import_paths(opened, [path])
    assert done.rejects is not None
    with done.rejects.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["line"] for row in rows] == ["2", "4"]
    assert rows[0]["reason"] == "no_identity"
    assert all(row["message"] for row in rows)
    assert "secret" not in done.rejects.read_text()
    assert done.rejects.parent == opened.home.rejects


def test_a_file_without_refused_rows_has_no_reject_file(sqlite, write, shop):
    (done,) = import_paths(sqlite, [write("events.jsonl", shop)])
    assert done.rejects is None
    assert not sqlite.home.rejects.exists()


def test_the_same_file_again_changes_nothing(opened, write, shop):
    path = write("events.jsonl", [*shop, "broken"])
    (first,) = import_paths(opened, [path])
    before, files = table_sizes(opened), lake_files(opened)
    (second,) = import_paths(opened, [path])
    assert second.again
    assert second.line == first.line
    assert (table_sizes(opened), lake_files(opened)) == (before, files)


def test_the_same_content_under_another_name_changes_nothing(opened, write, shop):
    import_paths(opened, [write("events.jsonl", shop)])
    before = table_sizes(opened)
    (again,) = import_paths(opened, [write("other/renamed.jsonl", shop)])
    assert again.again
    assert again.line.file == "events.jsonl"
    assert table_sizes(opened) == before


def test_the_same_content_twice_in_one_call_is_imported_once(sqlite, write, shop):
    first, second = import_paths(sqlite, [write("a.jsonl", shop), write("b.jsonl", shop)])
    assert (first.again, second.again) == (False, True)
    assert events(sqlite) == (len(shop), len(shop))


def test_the_same_rows_packed_are_known(sqlite, write, shop, tmp_path):
    import_paths(sqlite, [write("events.jsonl", shop)])
    packed = tmp_path / "events.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "events.jsonl").read_bytes()))
    (done,) = import_paths(sqlite, [packed])
    assert (done.line.records, done.line.duplicates) == (len(shop), len(shop))
    assert events(sqlite) == (len(shop), len(shop))


def test_an_overlapping_export_adds_only_its_new_rows(opened, write, shop):
    half = len(shop) // 2
    import_paths(opened, [write("january.jsonl", shop[: half + 20])])
    (done,) = import_paths(opened, [write("later.jsonl", shop[half:])])
    assert (done.line.records, done.line.duplicates) == (len(shop) - half, 20)
    assert events(opened) == (len(shop), len(shop))
    assert count(opened) == 10


def test_events_without_a_time_of_their_own_count_once(opened, write, call):
    """Their arrival stands in for it, and it is another one each time that they are sent."""
    timeless = {**call(1, "u1", "", "Order Completed"), "timestamp": None}
    future = call(2, "u1", "2999-01-01T00:00:00Z", "Order Completed")
    import_paths(opened, [write("a.jsonl", [timeless, future])])
    (done,) = import_paths(
        opened, [write("b.jsonl", [timeless, future, call(3, "u1", "2026-01-01", "Order Completed")])]
    )
    assert done.line.duplicates == 2
    assert events(opened) == (3, 3)


def test_facts_without_a_time_are_stated_anew(sqlite, write, call):
    def stated(plan):
        return {**call(1, "u1", "", plan=plan), "timestamp": None, "messageId": plan}

    for number, plan in enumerate(("trial", "paid", "trial")):
        import_paths(
            sqlite, [write(f"{number}.jsonl", [stated(plan), call(number, "u1", "2026-01-01", "Page Viewed")])]
        )
    assert asking.count(sqlite, 'plan is "trial"').counts.members == 1


def test_rows_that_repeat_within_a_file_count_once(opened, write, shop):
    (done,) = import_paths(opened, [write("events.jsonl", [*shop, *reversed(shop)])])
    assert (done.line.rows_stored, done.line.duplicates) == (2 * len(shop), len(shop))
    assert events(opened) == (len(shop), len(shop))


def test_an_unknown_file_that_was_named_stops_the_import_before_anything_is_imported(opened, write, shop):
    known, unknown = write("in/a.jsonl", shop), write("in/z.csv", ["colour,shape", "red,round"])
    before = table_sizes(opened)
    with pytest.raises(UserError) as error:
        import_paths(opened, [known, unknown])
    assert error.value.code == "unknown_source"
    assert error.value.where == str(unknown)
    assert "--map" in str(error.value.fix)
    assert (table_sizes(opened), lake_files(opened)) == (before, [])
    run = import_paths(opened, [known.parent])
    assert run[0].line.rows_stored == len(shop)
    assert [(each.file, each.holds_data, each.error.code) for each in run.not_imported] == [
        ("z.csv", True, "unknown_source")
    ]


def test_a_folder_and_all_below_is_imported_without_hidden_files(sqlite, write, shop):
    write("in/a.jsonl", shop[:10])
    write("in/deep/er/b.jsonl", shop[10:20])
    write("in/.hidden/c.jsonl", shop[20:30])
    write("in/readme.md", ["not data"])
    done = import_paths(sqlite, [sqlite.home.folder.parent / "in"])
    assert [each.line.file for each in done] == ["a.jsonl", "b.jsonl"]
    assert events(sqlite) == (20, 20)


def test_each_member_of_a_zip_is_a_file(opened, tmp_path, shop):
    orders = "when,mail\n2026-01-01,a@example.org\n"
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.jsonl", "\n".join(map(json.dumps, shop[:30])))
        archive.writestr("two.jsonl", "\n".join(map(json.dumps, shop[30:])))
        archive.writestr("__MACOSX/._one.jsonl", "clutter")
    done = import_paths(opened, [path])
    assert [each.line.file for each in done] == ["export.zip (one.jsonl)", "export.zip (two.jsonl)"]
    assert events(opened) == (len(shop), len(shop))
    assert all(each.again for each in import_paths(opened, [path]))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("three.csv", orders)
    run = import_paths(opened, [path])
    assert [each.line.records - each.line.duplicates for each in run] == [0, 0]
    assert [each.file for each in run.not_imported] == ["export.zip (three.csv)"]
    assert "three.csv" in str(run.not_imported[0].error.where)
    assert events(opened) == (len(shop), len(shop))


def test_a_member_of_a_zip_may_be_called_anything(sqlite, tmp_path, shop):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("in/deep/a.jsonl", "in/new\nline.jsonl", f"{'long' * 60}.jsonl"):
            archive.writestr(name, json.dumps({**shop[0], "messageId": name}) + "\nbroken\n")
    done = import_paths(sqlite, [path])
    assert [each.line.rows_rejected for each in done] == [1, 1, 1]
    assert all(each.rejects.parent == sqlite.home.rejects and each.rejects.is_file() for each in done)


def test_a_file_that_is_not_what_the_user_says_stops_the_import_before_it_begins(sqlite, write, shop):
    paths = [write("a.jsonl", shop), write("b.csv", ["colour,shape", "red,round"])]
    with pytest.raises(UserError) as error:
        import_paths(sqlite, paths, source="segment")
    assert (error.value.code, error.value.where) == ("wrong_source", str(paths[1]))
    assert table_sizes(sqlite)["imports"] == 0


def test_warnings_are_kept_with_the_file(opened, write):
    mapping = mapping_from(
        {"source": "till", "at": "when", "keys": {"email": "mail"}, "events": [{"name": "Order Completed"}]}
    )
    path = write("till.csv", ["when,mail", "03/04/2025,a@example.org"])
    (done,) = import_paths(opened, [path], source=mapping)
    assert any("month first" in warning for warning in done.line.warnings)
    (again,) = import_paths(opened, [path], source=mapping)
    assert again.line.warnings == done.line.warnings


def test_the_same_file_by_another_mapping_is_another_import(sqlite, write):
    path = write("till.csv", ["when,mail", "2026-01-01,a@example.org"])
    for name in ("Order Completed", "Order Refunded"):
        mapping = mapping_from({"source": "till", "at": "when", "keys": {"email": "mail"}, "events": [{"name": name}]})
        (done,) = import_paths(sqlite, [path], source=mapping)
        assert not done.again
    assert events(sqlite)[0] == 2


def test_addresses_and_ids_become_one_subscriber(opened, write, call):
    rows = [
        {"type": "track", "event": "Page Viewed", "anonymousId": "x1", "timestamp": "2026-01-01", "messageId": "1"},
        {"type": "identify", "anonymousId": "x1", "userId": "u1", "timestamp": "2026-01-02", "messageId": "2"},
    ]
    import_paths(opened, [write("web.jsonl", rows[:1])])
    with pytest.raises(UserError):  # known, but nobody yet
        count(opened, 'did "Order Completed"')
    assert count(opened, 'did "Page Viewed"') == 0
    import_paths(opened, [write("login.jsonl", rows[1:])])
    assert count(opened, 'did "Page Viewed"') == 1


def test_a_second_writer_is_told_to_wait(sqlite, write, shop):
    path = write("events.jsonl", shop)
    with one_writer(sqlite.home), pytest.raises(UserError) as error:
        import_paths(sqlite, [path])
    assert error.value.code == "busy"
    assert table_sizes(sqlite)["imports"] == 0
    assert import_paths(sqlite, [path])[0].line.finished


def test_progress_is_told(sqlite, write, shop):
    seen = []
    path = write("events.jsonl", shop)
    import_paths(sqlite, [path], watch=lambda *told: seen.append(told))
    assert seen == [("events.jsonl", path.stat().st_size, path.stat().st_size)]


def test_what_the_ledger_knows_survives_reopening(opened, write, shop):
    (done,) = import_paths(opened, [write("events.jsonl", [*shop, "broken"])])
    with opened.database.read() as connection:
        assert ledger.all_imports(connection) == (done.line,)
        assert connection.scalar(sa.select(sa.func.count()).select_from(import_rejects)) == 1
