"""Every wrong input: exit status 2, what is wrong, where, what to do; nothing half-done, nothing personal told."""

from __future__ import annotations

import gzip
import json
import sqlite3

import pytest
import sqlalchemy as sa

from shoal.flow.home import open_home
from shoal.store.database import metadata

BOUGHT = 'did "Order Completed"'


@pytest.fixture
def sizes(shop):
    """How many rows each table has, and which files the workspace holds."""

    def measure():
        opened = open_home(shop / "home")
        with opened.database.read() as connection:
            rows = {
                table.name: connection.scalar(sa.select(sa.func.count()).select_from(table))
                for table in metadata.sorted_tables
            }
        opened.database.close()
        home = shop / "home"
        files = {str(path.relative_to(home)) for folder in ("lake", "rejects") for path in (home / folder).rglob("*")}
        return rows, files

    return measure


@pytest.fixture
def refused(shoal):
    """Run a command that must be refused; what it says, as data."""

    def run(*words, code, home="home"):
        told = shoal(*words, home=home)
        assert told.status == 2
        assert told.out == ""
        error = json.loads(shoal(*words, home=home, as_json=True).err)["error"]
        assert error["code"] == code
        assert error["message"]
        shown = told.err
        for part in (error["message"], error["where"], error["fix"]):
            assert part is None or part in shown
        assert "Traceback" not in shown
        assert "@example.org" not in shown
        assert error["fix"], "the message says what to do"
        return error

    return run


# ---- files ----


def sample(shop, count=2_000):
    rows = (
        {
            "type": "track",
            "messageId": f"x{n}",
            "userId": f"x{n}",
            "event": "Order Completed",
            "timestamp": "2026-01-01",
        }
        for n in range(count)
    )
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


FILES = {
    "empty.csv": (b"", "empty_file"),
    "blank.csv": (b"\n\n  \n", "empty_file"),
    "header_only_columns.csv": ((",".join(f"c{n}" for n in range(100_000)) + "\n1\n").encode(), "too_many_columns"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(200), "unreadable_file"),
    "workbook.xlsx.csv": (b"PK\x03\x04 not really", "unreadable_file"),
    "broken.parquet": (b"PAR1" + bytes(100) + b"PAR1", "unreadable_file"),
    "unknown.csv": (b"colour,shape\nred,round\n", "unknown_source"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_cant_be_read(refused, sizes, shop, name):
    content, code = FILES[name]
    (shop / name).write_bytes(content)
    (shop / "first.jsonl").write_bytes(sample(shop, 5))
    before = sizes()
    error = refused("import", "first.jsonl", name, code=code)
    assert name in error["where"]
    assert sizes() == before


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_half_a_gzip(refused, sizes, shop, kept):
    packed = gzip.compress(sample(shop))
    (shop / "half.jsonl.gz").write_bytes(packed[: int(len(packed) * kept)])
    before = sizes()
    assert refused("import", "half.jsonl.gz", code="truncated_file")["where"] == "half.jsonl.gz"
    assert sizes() == before


def test_a_wrong_source(refused, sizes, shop):
    before = sizes()
    error = refused("import", "events.jsonl", "--source", "shopify_orders", code="wrong_source")
    assert (error["where"], error["fix"]) == ("events.jsonl", "It looks like --source segment.")
    assert (
        "shopify_orders" in refused("import", "events.jsonl", "--source", "shopify_order", code="no_such_source")["fix"]
    )
    assert sizes() == before


def test_files_that_arent_there(refused, sizes, shop):
    before = sizes()
    assert refused("import", "events.jsonl", "missing.csv", code="no_such_file")["where"] == "missing.csv"
    (shop / "nothing").mkdir()
    assert refused("import", "nothing", code="empty_folder")["where"] == "nothing"
    assert sizes() == before


def test_a_file_without_the_right_to_read_it(refused, shop):
    import os

    if os.getuid() == 0:
        pytest.skip("root may read everything")
    (shop / "events.jsonl").chmod(0)
    assert refused("import", "events.jsonl", code="unreadable_file")["where"] == "events.jsonl"


MAPPINGS = {
    "no yaml": ("source: [\n", "bad_mapping", "line 2"),
    "not a table": ("- a\n", "bad_mapping", "m.yaml"),
    "unknown key": ("source: s\nkeys: {email: mail}\ntraitz: {}\n", "bad_mapping", "traitz"),
    "no keys": ("source: s\ntraits: {a: b}\n", "bad_mapping", "m.yaml"),
    "unknown column": ("source: s\nkeys: {email: mial}\ntraits: {plan: plan}\n", "unknown_column", "people.csv"),
}


@pytest.mark.parametrize("what", MAPPINGS)
def test_bad_mappings(refused, sizes, shop, what):
    text, code, place = MAPPINGS[what]
    (shop / "m.yaml").write_text(text)
    (shop / "people.csv").write_text("mail,plan\nana@example.org,paid\n")
    before = sizes()
    assert place in refused("import", "people.csv", "--map", "m.yaml", code=code)["where"]
    assert sizes() == before


def test_a_workspace_of_a_newer_program(refused, shop):
    with sqlite3.connect(shop / "home" / "shoal.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "Upgrade" in refused("count", BOUGHT, code="newer_workspace")["fix"]


def test_a_missing_mapping(refused, shop):
    assert refused("import", "events.jsonl", "--map", "none.yaml", code="unreadable_file")["where"] == "none.yaml"


# ---- definitions ----

SENTENCES = {
    'did "Order Complted"': ("unknown_event", "1:5", "Did you mean 'Order Completed'?"),
    f'{BOUGHT} and\ndid "Prodct Viewed"': ("unknown_event", "2:5", "Did you mean 'Product Viewed'?"),
    f"{BOUGHT} where totl > 5": ("unknown_property", "1:29", "Did you mean 'total'?"),
    'plann is "paid"': ("unknown_trait", "1:1", "Did you mean 'plan'?"),
    f"{BOUGHT} at least": ("incomplete_condition", "1:31", "a number"),
    "not " * 300 + BOUGHT: ("too_deep", "1:429", ""),
    f"{BOUGHT} and": ("incomplete_condition", "1:26", "did"),
    f"{BOUGHT} in the last 5 potatoes": ("sentence_syntax", "1:37", ""),
    'in segment "at-risk-custmers"': ("unknown_segment", "1:12", "Did you mean 'at-risk-customers'?"),
    "at-risk-custmers": ("unknown_segment", None, "Did you mean 'at-risk-customers'?"),
    "@missing.json": ("unreadable_file", "missing.json", ""),
}


@pytest.mark.parametrize("text", SENTENCES, ids=lambda text: text[:40])
@pytest.mark.parametrize("command", ["count", "members"])
def test_bad_sentences(refused, shop, command, text):
    code, place, fix = SENTENCES[text]
    error = refused(command, text, code=code)
    if code != "unknown_segment":
        assert error["where"] == place
    assert fix in error["fix"]


DEFINITIONS = {
    "d.json": {
        '{"did": {}}': ("incomplete_condition", "$.did"),
        "{}": ("incomplete_condition", "$"),
        '{"all": []}': ("incomplete_condition", "$.all"),
        '{"all": [{"did": "Order Completed"}, {}]}': ("incomplete_condition", "$.all[1]"),
        '{"trait": "plan"}': ("incomplete_condition", "$"),
        '{"did": "Order Completed", "tims": {"at_least": 2}}': ("unknown_key", "$"),
        '{"all": [': ("bad_json", "line 1"),
        '{"not": ' * 300 + "{}" + "}" * 300: ("too_deep", "$"),
        '{"not": ' * 100_000 + "{}" + "}" * 100_000: ("too_deep", "d.json"),
        '{"did": "Order Complted"}': ("unknown_event", "$"),
        '{"did": "Order Completed", "did": "Product Viewed"}': ("duplicate_key", "d.json"),
        '{"all": [{"trait": "plan", "is": "a", "is": "b"}]}': ("duplicate_key", "d.json"),
        '{"trait": "plan", "is": "paid", "x": 2}': ("unknown_key", "$"),
    },
    "d.yaml": {
        f"name: a\nwhen: {'{not: ' * 300}{'}' * 300}\n": ("too_deep", "d.yaml"),
        f"name: a\nwhen: {'{not: ' * 5_000}{'}' * 5_000}\n": ("bad_yaml", "d.yaml"),
        "name: a\n": ("incomplete_segment", "when"),
        "name: a\nwhen: {did: {}}\n": ("incomplete_condition", "d.yaml"),
        f"name: a\nwhen: {BOUGHT} and\n": ("incomplete_condition", "d.yaml: when 1:26"),
        "name: a\n  when: b\n": ("bad_yaml", "d.yaml:2"),
        f"name: a\nwhen: {BOUGHT}\nwhne: b\n": ("unknown_key", "whne"),
        f"name: a\nwhen: {BOUGHT}\ngoal: {{metric: revenue}}\n": ("incomplete_segment", "goal"),
    },
}


@pytest.mark.parametrize(
    ("name", "text"),
    [(name, text) for name, texts in DEFINITIONS.items() for text in texts],
    ids=lambda text: text[:40],
)
def test_bad_definitions(refused, shop, name, text):
    code, place = DEFINITIONS[name][text]
    (shop / name).write_text(text)
    error = refused("count", f"@{name}", code=code)
    assert name in error["where"]
    assert place in error["where"]


def test_segments_in_a_circle(shoal, refused, shop):
    folder = shop / "home" / "segments"
    folder.mkdir(exist_ok=True)
    (folder / "one.yaml").write_text('name: one\nwhen: in segment "at-risk-customers"\n')
    (folder / "two.yaml").write_text('name: at-risk-customers\nwhen: not in segment "one"\n')
    assert "at-risk-customers" in refused("count", "one", code="segment_cycle")["message"]
    for words in (("lint",), ("plan",)):
        error = refused(*words, code="segment_cycle")
        assert "at-risk-customers" in error["message"]
        assert ".yaml" in error["where"]
    assert shoal("count", BOUGHT).status == shoal("segments").status == 0


def test_a_segment_that_refers_to_nothing(refused, shop):
    (shop / "home" / "segments").mkdir(exist_ok=True)
    (shop / "home" / "segments" / "one.yaml").write_text('name: one\nwhen: in segment "repeat-buyer"\n')
    assert refused("count", "one", code="unknown_segment")["fix"] == "Did you mean 'repeat-buyers'?"
    error = refused("lint", code="unknown_segment")
    assert "one.yaml" in error["where"]
    assert error["fix"] == "Did you mean 'repeat-buyers'?"


def test_a_time_that_is_none(refused, shop):
    refused("count", BOUGHT, "--as-of", "yesterday", code="bad_instant")


@pytest.mark.parametrize(
    "words", [("count", BOUGHT), ("members", BOUGHT), ("explain", "u1", BOUGHT), ("subscribers", "show", "u1")]
)
def test_a_time_that_has_not_come(shoal, shop, words):
    told = shoal(*words, "--as-of", "2999-01-01")
    assert (told.status, told.out) == (2, "")
    assert told.err.startswith("2999-01-01T00:00:00Z is in the future")
    assert json.loads(shoal(*words, "--as-of", "2999-01-01", as_json=True).err)["error"]["code"] == "future_instant"


def test_an_analysis_of_the_future_imports_nothing(shoal, shop):
    told = shoal("analyse", "events.jsonl", "--as-of", "2999-01-01", home="fresh")
    assert (told.status, told.out) == (2, "")
    assert "is in the future" in told.err
    assert not (shop / "fresh").exists()


@pytest.mark.parametrize("text", ["Repeat buyers", "REPEAT-BUYERS", "repeat_buyers"])
def test_a_segment_by_its_title(refused, shop, text):
    assert "'repeat-buyers'" in refused("count", text, code="unknown_segment")["fix"]


# ---- wrong use ----

WRONG = {
    "no such command": (("nonsense",), "No such command"),
    "no such option": (("count", BOUGHT, "--foo"), "No such option"),
    "an argument is missing": (("import",), "Missing argument"),
    "no such choice": (("members", BOUGHT, "--format", "xml"), "xml"),
    "no command": ((), "command"),
    "a global option behind the command": (("count", BOUGHT, "--json"), "No such option"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_use_has_the_one_error_shape_under_json(shoal, what):
    words, message = WRONG[what]
    told = shoal(*words, as_json=True)
    assert (told.status, told.out) == (2, "")
    error = json.loads(told.err)["error"]
    assert error["code"] == "wrong_use"
    assert message in error["message"]
    assert error["where"].startswith("shoal")
    assert "--help" in error["fix"]
    assert ("before the command" in error["fix"]) == (what == "a global option behind the command")


# ---- people, workspaces, settings, places ----


@pytest.mark.parametrize(
    "words", [("explain", "nobody@example.org", BOUGHT), ("subscribers", "show", "nobody@example.org")]
)
def test_an_unknown_subscriber(refused, shop, words):
    refused(*words, code="unknown_subscriber")


def test_merges_that_cant_be(refused, sizes, shop):
    before = sizes()
    refused("duplicates", "merge", "u1", "nobody@example.org", code="unknown_subscriber")
    assert sizes() == before


@pytest.mark.parametrize("words", [("count", BOUGHT), ("import", "events.jsonl"), ("audit",), ("segments",)])
def test_no_workspace(refused, shop, words):
    refused(*words, home="elsewhere", code="no_workspace")
    assert not (shop / "elsewhere").exists()


SETTINGS = {
    "zone: Mars/Base": "settings.yaml, zone",
    "zoen: UTC": "settings.yaml, zoen",
    "zone: [": "settings.yaml, line 2",
    "region: us": "settings.yaml, region",
    "currency: Euro": "settings.yaml, currency",
    "journal_days: many": "settings.yaml, journal_days",
    "journal_days: 0": "settings.yaml, journal_days",
    "just a text": "settings.yaml",
}


@pytest.mark.parametrize("text", SETTINGS)
def test_bad_settings(refused, shop, text):
    (shop / "home" / "settings.yaml").write_text(text + "\n")
    assert refused("count", BOUGHT, code="bad_setting")["where"] == SETTINGS[text]


def test_a_database_that_isnt_there(refused, shop):
    (shop / "home" / "settings.yaml").write_text("database: postgresql://user:secret-word@127.0.0.1:1/none\n")
    assert "secret-word" not in str(refused("count", BOUGHT, code="no_database"))
    (shop / "home" / "settings.yaml").write_text("database: mysql://user:secret-word@host/none\n")
    assert "secret-word" not in str(refused("count", BOUGHT, code="bad_database_url"))


def test_a_workspace_can_take_no_files_place(refused, shop):
    refused("init", home="events.jsonl", code="not_a_folder")


@pytest.mark.parametrize("place", ["none/x.csv", "home"])
def test_a_place_where_nothing_can_be_written(refused, shop, place):
    refused("members", BOUGHT, "--format", "csv", "--out", place, code="no_place")
    refused("members", BOUGHT, "--format", "parquet", "--out", place, code="no_place")
    refused("audit", "--html", place, code="no_place")
    refused("analyse", "events.jsonl", "--report", place, code="no_place", home="fresh")
    assert not (shop / "fresh").exists()
    refused("members", BOUGHT, "--format", "parquet", code="no_file")


def test_somebody_else_writes(refused, shop):
    from shoal.core.settings import Home
    from shoal.flow.home import one_writer

    with one_writer(Home(shop / "home")):
        refused("import", "events.jsonl", code="busy")
        refused("duplicates", "merge", "u1", "u2", code="busy")


def test_a_harmed_lake(refused, shop):
    path = next((shop / "home" / "lake" / "events").iterdir())
    path.write_bytes(path.read_bytes()[:-3])
    assert path.name in refused("count", BOUGHT, code="damaged_lake")["where"]
