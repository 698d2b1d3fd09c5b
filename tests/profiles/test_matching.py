from __future__ import annotations

import csv
import gzip
import itertools

import pyarrow as pa
import pytest

from shoal.profiles import faces, matching
from shoal.profiles.likeness import DOMAIN_TYPOS, REASONS

SCHEMA = pa.schema([("subscriber", pa.int64()), *((name, pa.string()) for name in faces.COLUMNS[1:])])


def found(*people: dict[str, str], least: float = 0.5) -> list[dict[str, object]]:
    """Pairs among people who are numbered from 0."""
    rows = [{"subscriber": number, **person} for number, person in enumerate(people)]
    return matching.pairs(pa.Table.from_pylist(rows, SCHEMA), least=least).to_pylist()


def reasons(*people: dict[str, str]) -> list[str]:
    (pair,) = found(*people)
    assert (pair["a"], pair["b"]) == (0, 1)
    return pair["reasons"]


def email(address: str) -> dict[str, str]:
    return {"email": address}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana.novak@gmail.com", "ananovak@gmail.com"),
        ("ana.novak@gmail.com", "ana.novak+news@gmail.com"),
        ("ana.novak@example.org", "ana.novak+shop@example.org"),
        *((f"ana.novak@{meant}", f"ana.novak@{typos.split()[0]}") for meant, typos in DOMAIN_TYPOS.items()),
    ],
)
def test_addresses_that_mean_the_same_inbox(one, other):
    assert reasons(email(one), email(other)) == ["same_email"]


@pytest.mark.parametrize("typo", ["ana.noavk", "ana.nvak", "ana.novvak", "ana.nowak"])
def test_one_typing_error_before_the_at(typo):
    assert reasons(email("ana.novak@example.org"), email(f"{typo}@example.org")) == ["email_typo"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@example.org", "anna@example.org"),  # too short to be a typing error
        ("ana.novak1@example.org", "ana.novak2@example.org"),  # numbers tell people of one name apart
        ("ana.novak@example.org", "bob.meyer@example.org"),
        ("an.a@example.org", "ana@example.org"),  # dots mean nothing at Gmail only
    ],
)
def test_addresses_of_two_people(one, other):
    assert found(email(one), email(other)) == []


def test_name_and_address():
    ana = {"first_name": "Ana", "last_name": "Novak", "street": "5 Mill Lane", "city": "Graz", "postcode": "8010"}
    typed = {**ana, "first_name": "Anna", "street": "5 Mil Lane"}
    assert reasons(ana, typed) == ["similar_name", "similar_address"]


def test_name_and_birthday_whatever_case_accents_and_format():
    ana = {"first_name": "Zoë", "last_name": "Novák", "birthday": "1980-02-03"}
    again = {"first_name": "ZOE", "last_name": "novak", "birthday": "19800203"}
    assert reasons(ana, again) == ["same_name", "same_birthday"]


def test_swapped_names():
    ana = {"first_name": "Ana", "last_name": "Novak", "birthday": "1980-02-03"}
    swapped = {"first_name": "Novak", "last_name": "Ana", "birthday": "1980-02-03"}
    assert reasons(ana, swapped) == ["similar_name", "same_birthday"]


def test_name_and_phone():
    ana = {"first_name": "Ana", "last_name": "Novak", "phone": "+43316123456"}
    assert reasons(ana, {**ana, "email": "other@example.org"}) == ["same_phone", "same_name"]


def test_one_number_and_nothing_against_it_is_proposed():
    number = {"phone": "+43316123456"}
    assert reasons({**email("ana@example.org"), **number}, {**email("bo@example.com"), **number}) == ["same_phone"]


@pytest.mark.parametrize("size", [2, 1_000, 100_000, 5_000_000])
def test_one_number_is_enough_in_a_list_of_any_size(size):
    (same_phone,) = [level for field in matching.FIELDS for level in field.levels if level.condition == "same_phone"]
    prior = matching.prior(size)
    assert prior / (1 - prior) * same_phone.m / same_phone.chance(size) > 1


def test_a_family_is_not_one_person():
    home = {"last_name": "Novak", "street": "5 Mill Lane", "city": "Graz", "postcode": "8010"}
    assert found({"first_name": "Ana", **home}, {"first_name": "Bruno", **home}) == []


def test_people_of_whom_little_is_known_are_not_alike():
    assert found({"first_name": "Ana"}, {"first_name": "Ana"}, {}, {}) == []


@pytest.mark.parametrize("number", [0, 1])
def test_nobody_has_a_duplicate_among_none(number):
    assert found(*[email("ana.novak@example.org")] * number) == []


def test_faces_of_one_subscriber_are_not_a_pair():
    rows = [{"subscriber": 7, "email": "ana.novak@gmail.com"}, {"subscriber": 7, "email": "ananovak@gmail.com"}]
    assert matching.pairs(pa.Table.from_pylist(rows, SCHEMA)).num_rows == 0


def test_a_value_that_many_have_is_not_compared():
    crowd = [{"first_name": "Guest", "last_name": "User", "postcode": "00000"}] * (matching.MOST_IN_A_BLOCK + 1)
    assert found(*crowd) == []


def test_scores_are_probabilities_and_every_reason_has_words():
    ana = {"first_name": "Ana", "last_name": "Novak", "birthday": "1980-02-03", "email": "ana.novak@gmail.com"}
    (pair,) = found(ana, {**ana, "email": "ananovak@gmail.com"})
    assert 0.99 < pair["score"] <= 1
    assert set(pair["reasons"]) <= set(REASONS)


@pytest.mark.parametrize(("number", "recall"), [(1, 0.90), (2, 0.87)])
def test_febrl_pairs_are_found_without_the_personal_number(shared_data, number, recall):
    with gzip.open(shared_data / "identity" / f"febrl_dataset{number}.csv.gz", "rt") as file:
        people = [{name.strip(): value.strip() or None for name, value in row.items()} for row in csv.DictReader(file)]
    rows = [
        {
            "subscriber": place,
            "first_name": each["given_name"],
            "last_name": each["surname"],
            "street": " ".join(part for part in (each["street_number"], each["address_1"]) if part) or None,
            "city": each["suburb"],
            "postcode": each["postcode"],
            "birthday": each["date_of_birth"],
        }
        for place, each in enumerate(people)
    ]
    person = [each["rec_id"].split("-")[1] for each in people]
    truth = {pair for pair in itertools.combinations(range(len(people)), 2) if person[pair[0]] == person[pair[1]]}
    pairs = {(row["a"], row["b"]) for row in matching.pairs(pa.Table.from_pylist(rows, SCHEMA)).to_pylist()}
    assert len(pairs & truth) / len(pairs) >= 0.99
    assert len(pairs & truth) / len(truth) >= recall


def test_the_search_says_nothing_on_its_own(capfd):
    found(*[email(f"person{number}.of.many@example.org") for number in range(matching.ENOUGH_FACES + 1)])
    assert capfd.readouterr() == ("", "")
