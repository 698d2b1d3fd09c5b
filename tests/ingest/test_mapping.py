"""Mappings: what a short YAML makes of any file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from shoal.core.errors import UserError
from shoal.core.time import Instant, format_instant, parse_instant
from shoal.ingest.canonical import Consent
from shoal.ingest.formats.packed import FilePart
from shoal.ingest.mapped import source_of
from shoal.ingest.mapping import check_columns, load_mapping, mapping_from
from shoal.ingest.parse import Chunk, parse
from shoal.ingest.preview import preview
from shoal.ingest.propose import propose
from shoal.ingest.recognise import read_head
from shoal.ingest.source import Context, FileHead, RowRejectedError

ROOT = Path(__file__).resolve().parents[2]
HERE = Context(received_at=parse_instant("2026-06-01"))
SMALL = {"source": "shop", "keys": {"email": "Email"}, "traits": {"country": "Country"}}


def records(row: dict[str, Any] | list[dict[str, Any]], **mapping: Any) -> list[Any]:
    rows = row if isinstance(row, list) else [row]
    source = source_of(mapping_from({"source": "shop", "keys": {"user": "id"}, **mapping}))
    if source.check is not None:
        for each in rows:
            source.check(each, HERE)
    return list(source.map_rows(rows, HERE))


def test_keys_of_every_kind() -> None:
    row = {"id": "7", "m": "A@Example.org", "p": "415 555 2671", "c": "c1", "d": "d1"}
    keys = {"user": {"column": "id", "vendor": "shop"}, "email": "m", "phone": "p", "anonymous": "c", "device": "d"}
    (found,) = records(row, keys=keys, traits={"x": "id"})
    assert found.keys == ("user:shop/7", "email:a@example.org", "phone:+14155552671", "anonymous:c1", "device:d1")


def test_events_by_filter_with_their_own_time_and_id() -> None:
    events = [
        {"name": "Sent", "at": "sent", "when": [{"column": "sent", "blank": False}], "id": "mail"},
        {"name": "Opened", "at": "opened", "when": [{"column": "opened", "blank": False}]},
        {"name_from": "kind", "when": [{"column": "kind", "blank": False}]},
    ]
    row = {"id": "1", "mail": "m9", "sent": "2026-03-01", "opened": "", "kind": "Replied", "t": "2026-03-02"}
    found = records(row, events=events, at="t")
    assert [(each.name, format_instant(each.at)[:10]) for each in found] == [
        ("Sent", "2026-03-01"),
        ("Replied", "2026-03-02"),
    ]
    assert found[0].message_id == "Sent/m9"


def test_a_group_becomes_one_event_with_products_and_sums() -> None:
    lines = [
        {"id": "1", "no": "5", "sku": "a", "n": "2", "price": "1.10"},
        {"id": "1", "no": "5", "sku": "b", "n": "1", "price": "0.10"},
    ]
    event = {
        "name": "Order Completed",
        "properties": {
            "order_id": {"column": "no", "type": "text"},
            "total": {"sum": ["n", "price"]},
            "n": {"sum": "n"},
        },
        "products": {"sku": "sku", "quantity": {"column": "n", "type": "number"}},
    }
    (found,) = records(lines, group="no", events=[event])
    assert found.properties == {
        "order_id": "5",
        "total": 2.3,
        "n": 3.0,
        "products": [{"sku": "a", "quantity": 2}, {"sku": "b", "quantity": 1}],
    }


def test_types_and_fixed_values() -> None:
    fields = {
        "text": {"column": "a", "type": "text"},
        "number": {"column": "b", "type": "number"},
        "flag": {"column": "c", "type": "boolean"},
        "time": {"column": "d", "type": "time"},
        "auto": "a",
        "fixed": {"value": "GBP"},
        "blank": "e",
    }
    (found,) = records({"id": "1", "a": "7", "b": "$1,200.50", "c": "yes", "d": "2026-03-01", "e": " "}, traits=fields)
    assert found.traits == {
        "text": "7",
        "number": 1200.5,
        "flag": True,
        "time": "2026-03-01T00:00:00Z",
        "auto": 7,
        "fixed": "GBP",
    }
    with pytest.raises(RowRejectedError, match="'b'"):
        records({"id": "1", "b": "ten"}, traits={"number": {"column": "b", "type": "number"}})


def test_zone_and_format_of_times() -> None:
    at = {"column": "t", "format": "%d.%m.%y %H Uhr", "zone": "Europe/Berlin"}
    (found,) = records({"id": "1", "t": "03.04.26 10 Uhr"}, at=at, events=[{"name": "X"}])
    assert format_instant(found.at) == "2026-04-03T08:00:00Z"
    with pytest.raises(RowRejectedError, match="'t'"):
        records({"id": "1", "t": "2026-04-03"}, at=at, events=[{"name": "X"}])


def test_consent() -> None:
    consent = [{"column": "c", "granted": ["Ja"], "denied": ["Nein"]}, {"column": "s", "channel": "sms"}]
    (found,) = records({"id": "1", "c": "ja", "s": "unsubscribed"}, consent=consent)
    assert found.consent == (
        Consent("email", "granted", "marketing", "import"),
        Consent("sms", "denied", "marketing", "import"),
    )
    assert records({"id": "1", "c": "", "s": "n/a"}, consent=consent) == []


def said(word: str, column: str = "news", **lists: list[str]) -> str | None:
    """The state that a word means in a column of consent."""
    found = records({"id": "1", column: word}, consent=[{"column": column, **lists}])
    return found[0].consent[0].state if found else None


REFUSING = (
    *(
        "opted-out",
        "opt out",
        "OPT_OUT",
        "Unsubscribe",
        "unsub",
        "do not email",
        "Do Not E-Mail",
        "removed",
        "nein",
        "Nein.",
    ),
    *("non", "não", "нет", "never", "No consent", "abgemeldet", "désabonné", "dado de baja", "0.0", "False"),
)


@pytest.mark.parametrize("word", REFUSING)
def test_words_that_refuse(word: str) -> None:
    assert said(word) == "denied"


@pytest.mark.parametrize("word", ["Ja", "oui", "Sí", "sim", "opt-in", "Opted In", "TRUE", "1", "1.0", "subscribed"])
def test_words_that_agree(word: str) -> None:
    assert said(word) == "granted"


@pytest.mark.parametrize("word", ["perhaps", "?", "not yes", "yes/no", "no longer subscribed", "yes until 2020", "x"])
def test_a_word_that_is_no_known_yes_or_no_refuses_the_row(word: str) -> None:
    with pytest.raises(RowRejectedError, match="'news'") as error:
        said(word)
    assert error.value.reason == "unknown_consent_word"
    assert said(word, silent=[word]) is None


def test_a_mappings_own_words_go_before_the_known_ones() -> None:
    assert said("no", "Opted out", granted=["no"], denied=["yes"]) == "granted"
    assert said("YES", "Opted out", granted=["no"], denied=["yes"]) == "denied"
    assert said("maybe", granted=["maybe"], denied=["Maybe"]) == "denied"
    assert said("stop", granted=["go"]) == "denied"
    assert said("unknown", denied=["unknown"]) == "denied"


@pytest.mark.parametrize(
    "column", ["Opted out", "opt_out", "Unsubscribed", "unsubscription", "Do not email", "Suppressed"]
)
def test_in_a_column_of_refusals_a_yes_is_not_guessed(column: str) -> None:
    with pytest.raises(UserError, match="may mean no"):
        mapping_from({**SMALL, "consent": [{"column": column}]})


def test_a_refusal_that_has_versions_is_stated_beside_it() -> None:
    event = {"name": "Unsubscribed", "id": "n", "version": "v"}
    found = records({"id": "1", "n": "7", "v": "2", "t": "2026-01-01"}, events=[event], at="t")
    assert [(each.name, each.at, [one.state for one in each.consent]) for each in found] == [
        ("Unsubscribed", parse_instant("2026-01-01"), []),
        (None, parse_instant("2026-01-01"), ["denied"]),
    ]


def test_a_preview_shows_what_an_event_refuses() -> None:
    source = source_of(mapping_from({"source": "s", "keys": {"user": "id"}, "events": [{"name_from": "e"}]}))
    rows = ({"id": "1", "e": "Unsubscribed"}, {"id": "1", "e": "Subscribed"})
    shown = preview(source, FileHead("a.csv", "csv", ("id", "e"), rows), HERE)
    assert [each["consent"] for each in shown] == [["email marketing: denied"], []]


@pytest.mark.parametrize(
    ("test", "passing", "failing"),
    [
        ({"is": "a"}, "a", "b"),
        ({"is_not": "a"}, "b", "a"),
        ({"one_of": ["a", "b"]}, "b", "c"),
        ({"none_of": ["a", "b"]}, "c", "b"),
        ({"starts_with": "C"}, "C5", "5C"),
        ({"not_starts_with": "C"}, "5C", "C5"),
        ({"contains": "mid"}, "amidst", "end"),
        ({"blank": True}, " ", "x"),
        ({"blank": False}, "x", ""),
        ({"number": True}, "1,5", "x"),
        ({"number": False}, "x", "1"),
        ({"gt": 1}, "1.5", "1"),
        ({"gte": 1}, "1", "0.5"),
        ({"lt": 1}, "0", "1"),
        ({"lte": 1}, "1", "x"),
        ({"gt": 0, "lt": 2}, "1", "2"),
    ],
)
def test_filters(test: dict[str, Any], passing: str, failing: str) -> None:
    rule = [{"reason": "out", "when": [{"column": "c", **test}]}]
    assert records({"id": "1", "c": failing}, skip=[], reject=rule, traits={"x": "id"})
    with pytest.raises(RowRejectedError):
        records({"id": "1", "c": passing}, reject=rule, traits={"x": "id"})


def test_unmapped_columns_may_be_kept() -> None:
    row = {"id": "1", "t": "2026-03-01", "city": "Paris", "n": "5", "none": ""}
    (event,) = records(row, at="t", events=[{"name": "X"}], keep_unmapped=True)
    assert event.properties == {"city": "Paris", "n": 5}
    (facts,) = records(row, keep_unmapped=True)
    assert facts.traits == {"t": "2026-03-01", "city": "Paris", "n": 5}


def test_rows_without_identity_or_event(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,kind,x\n,a,1\n1,b,1\n2,a,1\n")
    mapping = {
        "source": "s",
        "keys": {"user": "id"},
        "events": [{"name": "A", "when": [{"column": "kind", "is": "a"}]}],
    }
    (chunk,) = parse(FilePart(path), source_of(mapping_from(mapping)), HERE)
    assert isinstance(chunk, Chunk)
    assert [(line, reason) for line, reason, _ in chunk.rejects] == [(2, "no_identity")]
    assert chunk.skipped == {"no_event": 1}


MISTAKES = [
    ({"keys": {"email": "E"}, "traits": {"a": "A"}}, "", "source"),
    ({**SMALL, "trait": {}}, "trait", "traits"),
    ({**SMALL, "keys": {"mail": "E"}}, "keys.mail", "email"),
    ({**SMALL, "keys": {}}, "keys", "email"),
    ({**SMALL, "source": "My Shop"}, "source", "webshop"),
    ({"source": "s", "keys": {"email": "E"}}, "events", "traits"),
    ({**SMALL, "events": [{}]}, "events[0]", "name"),
    ({**SMALL, "events": [{"name": "A", "name_from": "B"}]}, "events[0]", "name"),
    ({**SMALL, "events": [{"name": "A", "products": {"a": "A"}}]}, "events[0].products", "group"),
    ({**SMALL, "events": [{"name": "A", "wen": []}]}, "events[0].wen", "when"),
    ({**SMALL, "at": {"column": "T", "zone": "Paris"}}, "at.zone", "Europe/Paris"),
    ({**SMALL, "traits": {"a": {"column": "A", "type": "money"}}}, "traits", ""),
    ({**SMALL, "group": 5}, "group", ""),
    ([], "", "dry-run"),
]


@pytest.mark.parametrize(("data", "key", "fix"), MISTAKES)
def test_a_mistake_names_its_key_and_the_fix(data: object, key: str, fix: str) -> None:
    with pytest.raises(UserError) as error:
        mapping_from(data, "shop.yaml")
    assert error.value.code == "bad_mapping"
    assert f"shop.yaml: {key}".removesuffix(": ") in str(error.value.where)
    assert fix in f"{error.value.message} {error.value.fix}"


def test_broken_yaml_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("source: shop\nkeys: [\n")
    with pytest.raises(UserError) as broken:
        load_mapping(tmp_path / "a.yaml")
    assert "line 3" in str(broken.value.where)
    with pytest.raises(UserError) as missing:
        load_mapping(tmp_path / "b.yaml")
    assert missing.value.code == "unreadable_file"


def test_a_column_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(UserError) as error:
        check_columns(mapping_from(SMALL), FileHead("a.csv", "csv", ("E-mail", "Country")), "a.csv")
    assert error.value.code == "unknown_column"
    assert "'E-mail'" in str(error.value.fix)


def test_a_mapping_survives_yaml() -> None:
    example = load_mapping(ROOT / "examples/mappings/uci_online_retail.yaml")
    assert mapping_from(yaml.safe_load(example.to_yaml())) == example
    assert set(example.columns()) == {
        "InvoiceNo", "InvoiceDate", "CustomerID", "Quantity", "UnitPrice", "StockCode", "Description", "Country",
    }  # fmt: skip


def proposed(*lines: str, name: str = "Web Orders.csv") -> Any:
    header, *rows = (line.split(",") for line in lines)
    return propose(FileHead(name, "csv", tuple(header), tuple(dict(zip(header, row, strict=True)) for row in rows)))


def test_orders_are_proposed_as_events() -> None:
    found = proposed(
        "Order ID,E-mail,Order Date,Total,Code",
        "1,a@example.org,01/02/2026,$5,0071",
        "2,b@example.org,02/02/2026,$6,A2",
    )
    assert found.source == "web_orders"
    assert (found.keys.email, found.at) == ("E-mail", "Order Date")
    (event,) = found.events
    assert event.name == "Order Completed"
    assert {name: field.type for name, field in event.properties.items()} == {
        "order_id": "text",
        "total": "number",
        "code": "text",
    }


def test_logs_are_proposed_by_their_event_column_and_lists_as_traits() -> None:
    log = proposed("user_id,event,timestamp", "u1,Seen,2026-03-01", "u2,Left,2026-03-02")
    assert (log.keys.user, log.events[0].name_from) == ("user_id", "event")
    people = proposed("email,city,signup_date", "a@example.org,Paris,2026-03-01")
    assert (people.events, set(people.traits)) == ((), {"city", "signup_date"})


def test_a_file_about_nobody_is_not_guessed() -> None:
    with pytest.raises(UserError) as error:
        proposed("city,people", "Paris,2000000")
    assert error.value.code == "nothing_to_propose"


def test_a_proposal_works_as_it_is(shared_data: Path) -> None:
    head = read_head(FilePart(shared_data / "events/retentioneering_ecom.csv.gz"))
    shown = preview(source_of(propose(head)), head, HERE)
    assert len(shown) == 10
    assert {"keys", "event", "at", "properties"} <= set(shown[0])
    assert not any("refused" in row for row in shown)


CHANGING = {"name": "Order Completed", "id": "no", "at": "t", "version": "changed", "properties": {"state": "state"}}


def test_a_version_is_a_number_or_a_time() -> None:
    row = {"id": "1", "no": "5", "t": "2026-03-01", "state": "paid"}

    def version(text: str) -> int | None:
        (found,) = records({**row, "changed": text}, events=[CHANGING])
        return found.version

    assert version("2026-03-02T00:00:00Z") == parse_instant("2026-03-02")
    assert (version("7"), version("10.50"), version("")) == (700, 1_050, 0)
    for odd in ("soon", "1e300"):
        with pytest.raises(RowRejectedError, match="'changed'") as refused:
            version(odd)
        assert refused.value.reason == "bad_version"


def test_facts_beside_a_version_are_a_record_of_their_own() -> None:
    row = {"id": "1", "no": "5", "t": "2026-03-01", "state": "paid", "changed": "1", "city": "Porto"}
    event, facts = records(row, at="t", events=[CHANGING], traits={"city": "city"})
    assert (event.message_id, event.version, event.traits) == ("Order Completed/5", 100, {})
    assert (facts.name, facts.version, facts.traits, facts.at) == (None, None, {"city": "Porto"}, event.at)
    assert facts.message_id.startswith("Order Completed/5:facts:")
    both = [CHANGING, {"name": "Order Paid", "at": "t"}]
    assert [each.traits for each in records(row, events=both, traits={"city": "city"})] == [{}, {"city": "Porto"}]


def test_a_version_needs_an_id_and_is_shown() -> None:
    event = {**CHANGING, "id": None}
    with pytest.raises(UserError) as refused:
        mapping_from({"source": "shop", "keys": {"user": "id"}, "events": [event]})
    assert refused.value.where == "mapping: events[0].version"
    mapping = mapping_from({"source": "shop", "keys": {"user": "id"}, "events": [CHANGING]})
    assert "changed" in mapping.columns()
    row = {"id": "1", "no": "5", "t": "2026-03-01", "state": "paid", "changed": "2"}
    (shown,) = preview(source_of(mapping), FileHead("a.csv", "csv", tuple(row), (row,)), HERE)
    assert shown["version"] == 200


def test_events_without_an_id_are_the_same_in_every_zone_and_with_other_facts() -> None:
    source = source_of(
        mapping_from(
            {
                "source": "shop",
                "keys": {"user": "id", "email": "mail"},
                "at": "t",
                "events": [{"name": "Seen", "properties": {"page": "page", "until": {"column": "t", "type": "time"}}}],
                "traits": {"city": "city"},
            }
        )
    )
    row = {"id": "1", "mail": "", "t": "2026-03-01 10:00", "page": "/a", "city": ""}

    def known_by(zone: str = "UTC", **cells: str) -> str | None:
        (found,) = source.map_rows([{**row, **cells}], replace(HERE, zone=ZoneInfo(zone)))
        return found.message_id

    first = known_by()
    assert first == known_by("Asia/Tokyo") == known_by(mail="a@example.org", city="Porto")
    assert len({first, known_by(page="/b"), known_by(t="2026-03-01 10:01"), known_by(id="2")}) == 4


def test_consent_that_is_only_a_trait_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,Unsubscribed,City\n1,yes,Bonn\n")
    traits = {"unsubscribed": {"column": "Unsubscribed", "type": "boolean"}, "city": "City"}
    data = {"source": "s", "keys": {"user": "id"}, "traits": traits}
    (chunk,) = parse(FilePart(path), source_of(mapping_from(data)), HERE)
    (warning,) = chunk.warnings
    assert "'Unsubscribed'" in warning
    assert "under consent" in warning
    data["consent"] = [{"column": "Unsubscribed", "granted": ["no"], "denied": ["yes"]}]
    (chunk,) = parse(FilePart(path), source_of(mapping_from(data)), HERE)
    assert chunk.warnings == ()


def test_a_day_of_refusing_that_is_only_a_trait_is_warned_of() -> None:
    data = {"source": "s", "keys": {"user": "id"}, "traits": {"left": "Abmeldedatum"}}
    (warning,) = source_of(mapping_from(data)).warnings
    assert "'Abmeldedatum'" in warning
    data["events"] = [{"name": "unsubscribed", "at": "Abmeldedatum"}]
    assert source_of(mapping_from(data)).warnings == ()


def test_an_address_that_is_none_leaves_a_mark_and_no_agreement_to_mail_there() -> None:
    row = {"id": "7", "m": "ana@", "p": "12", "c": "yes", "s": "yes", "d": "yes", "t": "2026-03-01"}
    keys = {"user": "id", "email": "m", "phone": "p"}
    consent: list[dict[str, Any]] = [
        {"column": "c"},
        {"column": "s", "channel": "sms"},
        {"column": "d", "channel": "push"},
    ]
    (found,) = records(row, keys=keys, consent=consent)
    assert found.keys == ("user:7",)
    assert found.traits == {"email_invalid": True, "phone_invalid": True}
    assert [each.channel for each in found.consent] == ["push"]
    refusing = {**row, "c": "no", "s": "no"}
    (found,) = records(refusing, keys=keys, consent=consent)
    assert [(each.channel, each.state) for each in found.consent] == [
        ("email", "denied"),
        ("sms", "denied"),
        ("push", "granted"),
    ]
    (event,) = records({**row, "c": ""}, keys=keys, at="t", events=[{"name": "Seen"}])
    assert event.traits == {"email_invalid": True, "phone_invalid": True}
    assert (
        event.message_id
        == records({**row, "m": "", "p": ""}, keys=keys, at="t", events=[{"name": "Seen"}])[0].message_id
    )


def test_a_blank_address_is_no_flaw() -> None:
    row = {"id": "7", "m": " ", "c": "yes"}
    (found,) = records(row, keys={"user": "id", "email": "m"}, consent=[{"column": "c"}])
    assert (found.traits, [each.state for each in found.consent]) == ({}, ["granted"])


@pytest.mark.parametrize(("value", "said"), [(12, "user:12"), (12.0, "user:12"), (True, "bad_id"), (["x"], "bad_id")])
def test_an_id_in_json_or_parquet(value: object, said: str) -> None:
    source = source_of(mapping_from({"source": "log", "keys": {"user": "who"}, "traits": {"plan": "plan"}}))
    context = Context(received_at=Instant(0))
    try:
        found = [record.keys[0] for record in source.map_rows([{"who": value, "plan": "pro"}], context)]
    except RowRejectedError as error:
        found = [error.reason]
    assert found == [said]
