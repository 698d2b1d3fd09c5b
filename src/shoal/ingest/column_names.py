"""What columns are called, in the languages of most exports.

Names are compared plain (`plain_name`): `Bestell-Nr.`, `N° de commande` and `orderNo` are `bestell_nr`,
`n_de_commande` and `order_no`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

_BARRED: Final = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe"})
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def plain_name(name: str) -> str:
    """The name in small letters without accents, its words joined by `_`.

    >>> plain_name("customerId"), plain_name("Größe (cm)"), plain_name("Nº de Pedido"), plain_name("E-Mail")
    ('customer_id', 'grosse_cm', 'no_de_pedido', 'e_mail')
    """
    letters = unicodedata.normalize("NFKD", _HUMP.sub("_", name)).casefold().translate(_BARRED)
    bare = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFC", bare)).strip("_")


_NUMBER: Final = r"(id|no|nr|num|number|nummer|nro|numero|numer|key|code)"
_NUMBER_OF: Final = (
    r"(^|_)(id|n|no|nr|num|numero|numer|code|codigo|cod|codice|ref|reference|identifiant)_"
    r"((de|du|da|do|del|di|d|dell|de_la|de_l)_)?"
)
_PEOPLE: Final = (
    r"(customer|user|client|member|contact|subscriber|profile|person|account|rec|visitor"
    r"|kunden?|kd|mitglieds?|nutzer|benutzer|cliente?|klant|klanten|klienta?|kund|kunde)"
)
_ORDERS: Final = (
    r"(order|invoice|transaction|receipt|basket|bestell?|bestell(ung)?s?|auftrags?|rechnungs?|beleg|vorgangs?"
    r"|commande|facture|pedido|factura|ordine|fattura|bestelling|factuur|encomenda|fatura|zamowienia|faktury"
    r"|ordre|faktura|tilaus)"
)

NAMES: Final[Mapping[str, re.Pattern[str]]] = {
    "user": re.compile(
        rf"{_PEOPLE}_?{_NUMBER}(_|$)|{_NUMBER_OF}(client|cliente|klienta|klanta|membre|usuario|utente)$"
    ),
    "anonymous": re.compile(r"(anonymous|anon|cookie|session|browser)_?id"),
    "device": re.compile(r"device_?id|idfa|idfv|gaid|adid"),
    "email": re.compile(r"(^|_)e?_?mail(s|_?(address|adresse|addr))?$|courriel|correo|^mel$|poczta|sahkoposti|epost"),
    "phone": re.compile(
        r"phone|mobile|cell|(^|_)tel(ephone)?$|telefon|telefoon|handy|rufnummer|(^|_)(mobil|portable|movil|celular|gsm|tlf)(_|$)"
        r"|cellulare|telemovel|komork|puhelin"
    ),
    "time": re.compile(
        r"date|time|(^|_)at$|created|updated|occurred|^on$|^when$|stamp|datum|zeit|erstellt|geandert|(^|_)(am|le|dia|tag|jour)$"
        r"|(^|_)(heure|fecha|hora|data|orario|tijd|czas|dato|tid|dzien)(_|$)|aangemaakt|criado|creado|utworzon"
    ),
    "birth": re.compile(r"birth|geburt|naissance|nacimiento|nascita|geboorte|nascimento|urodz|fodsel|fodelse"),
    "event": re.compile(
        r"^(event|action|activity|interaction)(_?(name|type))?$|^type$"
        r"|^(ereignis|aktion|evenement|evento|accion|azione|gebeurtenis|acao|zdarzenie|akcja)$"
    ),
    "order": re.compile(
        rf"{_ORDERS}_?({_NUMBER}|name)?$|{_NUMBER_OF}(commande|facture|pedido|factura|ordine|fattura|encomenda|fatura|zamowienia)$"
        r"|^zamowienie$"
    ),
    "code": re.compile(
        r"code|zip|postal|sku|barcode|ean$|^plz$|postleitzahl|^cap$|^cep$|kod_pocztowy|art(ikel)?_?(nr|nummer)"
    ),
    "money": re.compile(
        r"total|amount|price|revenue|spend|value|cost|sum$|betrag|summe|gesamt|preis|umsatz|wert$|brutto|netto|kosten"
        r"|montant|prix|somme|(^|_)t?ttc$|(^|_)ht$|importe|import[oe]_|^importo$|precio|monto|(^|_)suma$|valor|prezzo|totale|somma"
        r"|bedrag|prijs|totaal|omzet|preco|kwota|cena|wartosc|razem|belopp|belob|(^|_)pris$"
    ),
    "id": re.compile(r"(^|_)(id|uuid|guid|nr|no|num|number|nummer|numero|numer|key)$|[a-z]nr$|nummer$"),
}
"""Patterns to be searched for in plain names."""

_ORDER_FIELDS: Final[Mapping[str, str]] = {
    "total": r"(order_|grand_|gesamt_?|rechnungs?_?|bestell_?|auftrags?_?)?(total|amount|betrag|summe|preis|wert)"
    r"|umsatz|montant(_total|_ttc)?|total_(ttc|commande|pedido|ordine)|importe(_total)?|monto|importo(_totale)?"
    r"|totale(_ordine)?|bedrag|totaalbedrag|totaal|montante|valor(_total)?|kwota|razem|suma|belopp|belob",
    "price": r"einzel_?preis|stuckpreis|prix(_unitaire)?|precio(_unitario)?|prezzo(_unitario)?|(stuks)?prijs"
    r"|preco(_unitario)?|cena|pris",
    "currency": r"wahrung|devise|moneda|valuta|divisa|moeda|waluta|currency_code",
    "quantity": r"qty|menge|anzahl|stuck(zahl)?|quantite|qte|cantidad|quantita|aantal|quantidade|qtd|ilosc|antal",
    "product": r"artikel|artikelname|produkt|produktname|article|produit|producto|articulo|prodotto|articolo|produto"
    r"|artigo|towar|vare",
    "sku": r"art(ikel)?_?(nr|nummer)",
}

_PERSON_FIELDS: Final[Mapping[str, str]] = {
    "first_name": r"first_?name|vorname|prenom|nombre|nome_proprio|voornaam|imie|fornavn|fornamn",
    "last_name": r"last_?name|surname|nachname|familienname|nom_de_famille|apellidos?|cognome|achternaam|apelido"
    r"|sobrenome|nazwisko|efternamn|etternavn",
    "name": r"name|full_?name|(customer|kunden)_?name|nom|nome|naam|navn|namn",
    "company": r"company|firma|unternehmen|societe|entreprise|empresa|azienda|bedrijf",
    "city": r"city|stadt|ort|wohnort|ville|ciudad|citta|stad|plaats|woonplaats|cidade|miasto",
    "country": r"country|land|pays|pais|paese|kraj",
    "postal_code": r"postal_?code|zip(_?code)?|postcode|plz|postleitzahl|code_postal|codigo_postal|cap|cep"
    r"|kod_pocztowy",
    "address": r"address|adresse|strasse|direccion|indirizzo|adres|morada|endereco",
    "language": r"language|sprache|langue|idioma|lingua|taal|jezyk",
    "gender": r"gender|geschlecht|sexe|genero|sesso|geslacht|plec",
    "birthday": r"birthday|birth_?date|date_of_birth|geburtstag|geburtsdatum|date_de_naissance|fecha_de_nacimiento"
    r"|data_di_nascita|geboortedatum|data_de_nascimento|data_urodzenia",
}


def order_field(plain: str) -> str | None:
    """The property of an order that a plain name means; None where it means none.

    >>> order_field("gesamtbetrag"), order_field("menge"), order_field("note")
    ('total', 'quantity', None)
    """
    return _meaning(plain, _ORDER_FIELDS)


def person_field(plain: str) -> str | None:
    """The trait that a plain name means; None where it means none.

    >>> person_field("vorname"), person_field("ville"), person_field("plan")
    ('first_name', 'city', None)
    """
    return _meaning(plain, _PERSON_FIELDS)


def _meaning(plain: str, fields: Mapping[str, str]) -> str | None:
    return next((field for field, pattern in fields.items() if re.fullmatch(pattern, plain)), None)
