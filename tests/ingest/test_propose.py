"""The mapping that is proposed for a file that no source knows."""

from __future__ import annotations

import csv
from typing import Any

import pytest
import yaml

from shoal.core.time import parse_instant
from shoal.ingest.mapped import source_of
from shoal.ingest.mapping import Field, Mapping, mapping_from
from shoal.ingest.preview import preview
from shoal.ingest.propose import propose, remarks
from shoal.ingest.source import Context, FileHead

HERE = Context(received_at=parse_instant("2027-06-01"))


def head(text: str, delimiter: str = ",") -> FileHead:
    """A file with these lines."""
    columns, *rows = csv.reader(text.strip().splitlines(), delimiter=delimiter)
    return FileHead("Orders.csv", "csv", tuple(columns), tuple(dict(zip(columns, row, strict=True)) for row in rows))


def proposed(text: str, delimiter: str = ",") -> Mapping:
    """The proposal as a user would load it."""
    return mapping_from(yaml.safe_load(propose(head(text, delimiter)).to_yaml()))


def consent(text: str) -> list[list[str]]:
    """What each row of a file says of consent by its proposal, or why it is refused."""
    source = source_of(proposed(text))
    found: dict[int, list[str]] = {row: [] for row in range(1, len(head(text).sample) + 1)}
    shown: list[Any] = preview(source, head(text), HERE)
    for each in shown:
        found[each["row"]] += each.get("consent", [each.get("refused")])
    return list(found.values())


GRANTED, DENIED = ["email marketing: granted"], ["email marketing: denied"]


@pytest.mark.parametrize("column", ["Unsubscribed", "Opt-out", "Do Not Email", "abgemeldet", "Désinscrit", "Opted out"])
@pytest.mark.parametrize(("yes", "no"), [("yes", "no"), ("TRUE", "FALSE"), ("1", "0"), ("ja", "nein"), ("oui", "non")])
def test_in_a_column_of_refusals_yes_and_no_are_turned_round(column: str, yes: str, no: str) -> None:
    text = f"Email,Name,{column}\na@example.org,A,{yes}\nb@example.org,B,{no}\nc@example.org,C,\n"
    assert consent(text) == [DENIED, GRANTED, []]


def test_refusals_alone_in_the_first_rows_are_refusals() -> None:
    assert consent("Email,Name,Unsubscribed\nana@example.org,Ana,yes\nzoe@example.org,Zoe,yes") == [DENIED, DENIED]


def test_no_refusal_is_no_agreement_where_another_column_asks_for_it() -> None:
    answers = ("yes,yes", "no,", "no,no", "no,yes")
    rows = "".join(f"\n{number}@example.org,{each}" for number, each in enumerate(answers))
    assert consent(f"Email,Do Not Email,Email Opt-In{rows}") == [[*DENIED, *GRANTED], [], DENIED, GRANTED]


def test_no_bounce_is_no_agreement() -> None:
    assert consent("Email,Bounced\na@example.org,yes\nb@example.org,no") == [DENIED, []]


@pytest.mark.parametrize(
    "column", ["Subscribed", "Newsletter", "Einwilligung", "Infolettre", "Nieuwsbrief", "Boletín", "Email Opt-In"]
)
def test_settings_become_consent(column: str) -> None:
    assert consent(f"Email,{column}\na@example.org,ja\nb@example.org,nein") == [GRANTED, DENIED]


def test_words_that_tell_by_themselves_need_no_name() -> None:
    text = "Email,State\na@example.org,subscribed\nb@example.org,unsubscribed\nc@example.org,pending"
    assert consent(text) == [GRANTED, DENIED, ["email marketing: pending"]]
    assert consent(text.replace("State", "Unsubscribed state"))[:2] == [GRANTED, DENIED]


def test_the_channel_follows_from_the_name() -> None:
    found = proposed("Email,SMS opt-in,WhatsApp consent\na@example.org,yes,no")
    assert [each.channel for each in found.consent] == ["sms", "whatsapp"]


def test_a_word_that_is_not_understood_refuses_its_row_and_is_asked_about() -> None:
    text = "Email,Subscribed\na@example.org,yes\nb@example.org,maybe"
    assert consent(text) == [GRANTED, ["unknown_consent_word"]]
    (understood, asked) = remarks(propose(head(text)), head(text))
    assert "'yes' is granted" in understood
    assert "'maybe'" in asked
    assert "granted, denied" in asked


def test_the_day_of_a_refusal_is_a_refusal() -> None:
    text = "Email,Unsubscribed At,City\na@example.org,2026-03-01,Bonn\nb@example.org,,Bonn"
    assert [each.name for each in proposed(text).events] == ["Unsubscribed"]
    assert consent(text) == [DENIED, []]
    assert proposed("Email,Unsubscribed At,City\nb@example.org,,Bonn").events


DAYS_OF_REFUSING = (
    *("Opt-out date", "Unsubscribe date", "Abmeldedatum", "Abmelde-Datum", "Abmeldung am", "Widerruf am", "Austragung"),
    *("Date de désinscription", "Désabonnement", "Fecha de baja", "Data di disiscrizione", "Data cancellazione"),
    *("Data cancellazione newsletter", "Data de cancelamento", "Data de cancelamento da newsletter", "Descadastro"),
    *("Uitschrijfdatum", "Datum uitschrijving", "Afmelddatum", "Data wypisania", "Wypisano", "Data rezygnacji"),
    *("Avregistreringsdatum", "Avprenumererad", "Afmeldt", "Frameldt", "Avmeldt", "Peruutus", "Leiratkozás dátuma"),
)


@pytest.mark.parametrize("column", DAYS_OF_REFUSING)
def test_the_day_of_a_refusal_is_known_in_other_languages(column: str) -> None:
    text = f"Email,{column},City\na@example.org,2026-03-01,Bonn\nb@example.org,,Bonn"
    assert (consent(text), set(proposed(text).traits)) == ([DENIED, []], {"city"})
    later = proposed(f"Email,{column},City\nb@example.org,,Bonn")
    assert (bool(later.events) or bool(later.consent), set(later.traits)) == (True, {"city"})


@pytest.mark.parametrize("column", ["Unsubscribed at", "SMS opt-out date", "Abmeldedatum"])
def test_a_day_of_refusing_with_other_words_is_asked_about(column: str) -> None:
    text = f"Email,{column},City\na@example.org,soon,Bonn"
    assert (consent(text), set(proposed(text).traits)) == ([["unknown_consent_word"]], {"city"})


@pytest.mark.parametrize("column", ["Order cancellation", "Data cancellazione ordine", "Cancelamento do pedido"])
def test_the_end_of_an_order_is_no_refusal(column: str) -> None:
    assert proposed(f"Email,{column}\na@example.org,2026-03-01").consent == ()
    assert proposed(f"Email,{column}\na@example.org,2026-03-01").events == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Newsletter clicks", "12"),
        ("Newsletter", "17"),
        ("Subscribed at", "2026-03-01"),
        ("Status", "active"),
        ("Plan", "yes"),
    ],
)
def test_what_only_sounds_like_consent_stays_a_trait(column: str, value: str) -> None:
    found = proposed(f"Email,{column}\na@example.org,{value}")
    assert not found.consent
    assert len(found.traits) == 1


SHOPS = {
    "de": "Kundennr;E-Mail;Bestelldatum;Betrag;Bestell-Nr;Newsletter;Währung;Menge;Artikel",
    "fr": "N° client;Courriel;Date de commande;Montant TTC;N° de commande;Infolettre;Devise;Quantité;Produit",
    "es": "ID cliente;Correo electrónico;Fecha;Importe;Nº de pedido;Boletín;Moneda;Cantidad;Producto",
    "it": "Codice cliente;E-mail;Data ordine;Importo totale;Numero ordine;Newsletter;Valuta;Quantità;Prodotto",
    "nl": "Klantnummer;E-mailadres;Besteldatum;Bedrag;Bestelnummer;Nieuwsbrief;Valuta;Aantal;Artikel",
    "pt": "ID do cliente;E-mail;Data do pedido;Valor total;Número do pedido;Boletim;Moeda;Quantidade;Produto",
    "pl": "Numer klienta;E-mail;Data zamówienia;Kwota;Nr zamówienia;Biuletyn;Waluta;Ilość;Towar",
}
ROWS = """
1;anna@example.org;03.04.2026 10:00;1.234,50 €;A1;ja;EUR;2;Tee
2;max@example.org;13.04.2026;12,5;A2;nein;EUR;1;Tasse
3;mia@example.org;31.12.2026;99;A3;;EUR;1;Kanne"""


@pytest.mark.parametrize("language", SHOPS)
def test_orders_in_other_languages(language: str) -> None:
    text = SHOPS[language] + ROWS
    found = proposed(text, ";")
    names = SHOPS[language].split(";")
    assert (found.keys.user, found.keys.email, found.at) == (names[0], names[1], names[2])
    (event,) = found.events
    assert (event.name, event.id) == ("Order Completed", names[4])
    assert event.properties == {
        "order_id": Field(names[4], type="text"),
        "total": Field(names[3], type="number"),
        "currency": names[6],
        "quantity": names[7],
        "product": names[8],
    }
    assert [each.column for each in found.consent] == [names[5]]
    shown: list[Any] = preview(source_of(found), head(text, ";"), HERE)
    assert [each["properties"]["total"] for each in shown] == [1234.5, 12.5, 99]


def test_people_in_other_languages() -> None:
    found = proposed(
        "Vorname,Nachname,E-Mail,Telefon,PLZ,Ort,Land\nAna,Novak,a@example.org,+49 151 1234567,01067,Dresden,DE"
    )
    assert (found.keys.email, found.keys.phone) == ("E-Mail", "Telefon")
    assert set(found.traits) == {"first_name", "last_name", "postal_code", "city", "country"}


def test_who_ordered_is_a_fact_about_the_person() -> None:
    found = proposed("Email,Name,Ville,Date,Montant\na@example.org,Ana,Lyon,2026-03-01,5 €")
    assert set(found.traits) == {"name", "city"}
    assert set(found.events[0].properties) == {"total"}


def test_a_date_that_most_rows_have_is_the_time_and_the_others_are_refused() -> None:
    text = "Email,Datum,Betrag\na@example.org,2026-03-01,5\nb@example.org,2026-03-02,5\nc@example.org,morgen,5"
    found = proposed(text)
    assert found.at == "Datum"
    assert [each.get("refused") for each in preview(source_of(found), head(text), HERE)] == [None, None, "bad_time"]


def test_a_date_is_found_by_its_values_and_a_birthday_is_no_time() -> None:
    found = proposed("Email,Geburtsdatum,Wann,Betrag\na@example.org,1990-03-01,01.03.2026,5")
    assert found.at == "Wann"
    people = proposed("Email,Geburtsdatum,Betrag\na@example.org,1990-03-01,5")
    assert (people.at, set(people.traits)) == (None, {"birthday", "betrag"})


def test_a_column_that_numbers_the_rows_names_the_person_where_nothing_else_does() -> None:
    assert proposed("ID,Plan\n7,pro\n8,free").keys.user == "ID"


def test_lines_of_one_order_are_pointed_out() -> None:
    lines = head("Email,Order Date,Order ID,Price\na@example.org,2026-03-01,7,5\na@example.org,2026-03-01,7,6")
    found = propose(lines)
    assert found.events[0].id is None
    assert any("group: Order ID" in each for each in remarks(found, lines))
