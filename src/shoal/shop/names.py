"""The texts by which people are known: addresses, ids, phones, browsers. Made once a shop, taken by place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shoal.shop.catalogue import (
    ASCII,
    CITIES,
    COUNTRIES,
    DIALLING,
    DOMAINS,
    FAMILY,
    GIVEN,
    TYPO_DOMAINS,
    WORK_DOMAINS,
)
from shoal.shop.people import DUPLICATE_KINDS, KIOSK_DEVICE, People
from shoal.shop.rates import Codes, Flags, Ints
from shoal.shop.text import Text, digits, join, pick, when


@dataclass(frozen=True, slots=True)
class Names:
    """One text a person in every column."""

    email: Text
    second_email: Text  # of people with a second identity; null for the others
    user: Text  # the shop's own user id
    platform: Text  # id at the e-mail platform
    second_platform: Text  # null where the second address is not on the list
    given: Text
    family: Text
    phone: Text
    country: Text
    city: Text
    street: Text
    zip: Text
    first_browser: Text
    second_browser: Text

    def email_of(self, person: Ints, second: Flags) -> Text:
        """The address used: the second one where asked for and there is one."""
        place = pa.array(person)
        return pc.coalesce(when(second, self.second_email.take(place)), self.email.take(place))

    def browser_of(self, person: Ints, device: Codes) -> Text:
        """Number of the browser used."""
        place = pa.array(person)
        return when(device == 0, self.first_browser.take(place), self.second_browser.take(place))


def names(people: People) -> Names:
    """The texts of all people."""
    number = people.number
    given, family = pick(GIVEN, people.given), pick(FAMILY, people.family)
    kind = people.duplicate
    subscribed_twice = np.isin(kind, [DUPLICATE_KINDS.index("tag"), DUPLICATE_KINDS.index("second")])
    platform = join("01SHOAL", digits(number, 10))
    house = people.household
    return Names(
        email=_address(people, [*DOMAINS, *WORK_DOMAINS]),
        second_email=_second_address(people),
        user=join("u", digits(number, 7)),
        platform=platform,
        second_platform=when(subscribed_twice, join(platform, "B")),
        given=given,
        family=family,
        phone=join(pick(DIALLING, people.country), digits(house, 7)),
        country=pick(COUNTRIES, people.country),
        city=pick(CITIES, people.country),
        street=join(digits(1 + house % 197), " ", pick(_STREETS, house // 197 % len(_STREETS))),
        zip=digits(10_000 + house * 7 % 89_999),
        first_browser=digits(2 * number, 9),
        second_browser=digits(np.where(people.device == KIOSK_DEVICE, KIOSK_DEVICE, people.device), 9),
    )


_STREETS = ("Harbour Street", "Mill Lane", "Station Road", "Garden Way", "Hill Street", "Canal Row", "Oak Avenue")


def _plain(words: tuple[str, ...]) -> list[str]:
    return [word.translate(ASCII).lower() for word in words]


def _address(people: People, domains: list[str]) -> Text:
    local = join(pick(_plain(GIVEN), people.given), ".", pick(_plain(FAMILY), people.family), digits(people.number))
    return join(local, "@", pick(domains, people.domain))


def _second_address(people: People) -> Text:
    """By kind: a misspelt domain or name, a +tag, another address, the same address in capitals."""
    number = digits(people.number)
    given, family = _plain(GIVEN), _plain(FAMILY)
    domains = [*DOMAINS, *WORK_DOMAINS]
    local = join(pick(given, people.given), ".", pick(family, people.family), number)
    dropped = join(pick(given, people.given), ".", pick([word[:-1] for word in family], people.family), number)
    wrong_domain = (people.number % 2 == 0) & (people.domain < len(TYPO_DOMAINS))
    typo = when(
        wrong_domain,
        join(local, "@", pick([*TYPO_DOMAINS, *WORK_DOMAINS], people.domain)),
        join(dropped, "@", pick(domains, people.domain)),
    )
    tag = join(local, "+shop@", pick(domains, people.domain))
    other = join(
        pick([word[0] for word in given], people.given),
        pick(family, people.family),
        number,
        "@",
        pick(DOMAINS, (people.domain + 1) % len(DOMAINS)),
    )
    capitals = join(
        pick([word.title() for word in given], people.given),
        ".",
        pick([word.title() for word in family], people.family),
        number,
        "@",
        pick([domain.title() for domain in domains], people.domain),
    )
    by_kind = {"typo": typo, "tag": tag, "second": other, "case": capitals}
    result = pa.nulls(len(people), pa.string())
    for kind, text in by_kind.items():
        result = when(people.duplicate == DUPLICATE_KINDS.index(kind), text, result)
    return result
