"""Checks on the form and plausibility of trait values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shoal.core.time import to_datetime
from shoal.measurement.audit.checks.check import Check, Scene, Sight
from shoal.measurement.audit.fields import (
    AGE_TRAITS,
    BIRTHDAY_TRAITS,
    COUNTRY_CODES,
    COUNTRY_TRAITS,
    EMAIL_TRAITS,
    PAST_TRAITS,
    PHONE_TRAITS,
)
from shoal.measurement.wording import in_percent, many

_EMAIL_LIKE = r"^[^@\s,;]+@[^@\s,;.]+(\.[^@\s,;.]+)+$"
_PHONE_LIKE = r"^\+?[(0-9][0-9 ().\-/]{5,22}[0-9]$"


def _wrong(scene: Scene, names: Sequence[str], wrong: str, sentence: str, *values: object) -> Iterator[Sight]:
    """Values of the named traits for which the SQL expression `wrong` holds, by source and trait."""
    for source, name, count, of in scene.evidence.rows(
        f"""SELECT source, name, count(*) FILTER ({wrong}) AS wrong, count(*)
            FROM audit_values WHERE list_contains(?, name)
            GROUP BY ALL HAVING wrong > 0 ORDER BY source, name""",
        *values,
        list(names),
    ):
        told = f"“{name}” {sentence} for {many(count, 'person', 'people')} of {of:,}{in_percent(count, of)}."
        yield Sight(told, count, of, (source,), name)


def _email(scene: Scene) -> Iterator[Sight]:
    yield from _dropped(scene, "email", "an e-mail address")
    yield from _wrong(scene, EMAIL_TRAITS, f"NOT regexp_matches(text, '{_EMAIL_LIKE}')", "is not an e-mail address")


def _phone(scene: Scene) -> Iterator[Sight]:
    yield from _dropped(scene, "phone", "a phone number")
    yield from _wrong(scene, PHONE_TRAITS, f"NOT regexp_matches(text, '{_PHONE_LIKE}')", "is not a phone number")


def _dropped(scene: Scene, kind: str, what: str) -> Iterator[Sight]:
    """People whose key was no key at import; sources tell by the trait `email_invalid` or `phone_invalid`."""
    people = {source.name: source.people for source in scene.sources}
    for source, count in scene.evidence.rows(
        "SELECT source, count(*) FROM audit_values WHERE name = ? AND text = 'true' GROUP BY source ORDER BY source",
        f"{kind}_invalid",
    ):
        told = f"“{kind}” does not hold {what} for {many(count, 'person', 'people')} of {people[source]:,}"
        yield Sight(f"{told}{in_percent(count, people[source])}.", count, people[source], (source,), kind)


def _country(scene: Scene) -> Iterator[Sight]:
    return _wrong(
        scene,
        COUNTRY_TRAITS,
        "len(text) = 2 AND NOT list_contains(?, upper(text))",
        "is a code that ISO 3166 does not know",
        sorted(COUNTRY_CODES),
    )


def _country_forms(scene: Scene) -> Iterator[Sight]:
    """Codes and names side by side: "US" and "United States" never compare equal."""
    for name, codes, names in scene.evidence.rows(
        """SELECT name, count(*) FILTER (regexp_matches(text, '^[A-Z]{2}$')) AS codes,
                  count(*) FILTER (NOT regexp_matches(text, '^[A-Z]{2}$')) AS names
           FROM audit_values WHERE list_contains(?, name) GROUP BY name HAVING codes > 0 AND names > 0 ORDER BY name""",
        list(COUNTRY_TRAITS),
    ):
        rarer = min(codes, names)
        yield Sight(
            f"“{name}” is written in two ways: {codes:,} times as a two-letter code, {names:,} times otherwise.",
            rarer,
            codes + names,
            (),
            name,
        )


def _dates(scene: Scene) -> Iterator[Sight]:
    return _wrong(
        scene, (*PAST_TRAITS, *BIRTHDAY_TRAITS), "try_cast(text AS TIMESTAMP) IS NULL", "is not a date that can be read"
    )


def _future(scene: Scene) -> Iterator[Sight]:
    return _wrong(
        scene,
        (*PAST_TRAITS, *BIRTHDAY_TRAITS),
        "try_cast(text AS TIMESTAMP) > epoch_ms(?) + INTERVAL 1 DAY",
        "lies in the future",
        int(scene.evidence.now),
    )


def _birthday(scene: Scene) -> Iterator[Sight]:
    year = to_datetime(scene.evidence.now).year
    return _wrong(
        scene,
        BIRTHDAY_TRAITS,
        "date_part('year', try_cast(text AS TIMESTAMP)) NOT BETWEEN ? AND ?"
        " OR strftime(try_cast(text AS TIMESTAMP), '%Y-%m-%d') IN ('1970-01-01', '2000-01-01')",
        "makes a person under 5 or over 110, or is a form's first choice",
        year - 110,
        year - 5,
    )


def _age(scene: Scene) -> Iterator[Sight]:
    return _wrong(
        scene,
        AGE_TRAITS,
        "try_cast(text AS DOUBLE) IS NULL OR try_cast(text AS DOUBLE) NOT BETWEEN 5 AND 110",
        "is not an age between 5 and 110",
    )


def _types(scene: Scene) -> Iterator[Sight]:
    """One trait as text here and as a number there; comparisons never convert."""
    for name, texts, others in scene.evidence.rows(
        """SELECT name, count(*) FILTER (kind = 'VARCHAR') AS texts, count(*) FILTER (kind <> 'VARCHAR') AS others
           FROM audit_values GROUP BY name HAVING texts > 0 AND others > 0 ORDER BY name"""
    ):
        yield Sight(
            f"“{name}” is text for {texts:,} people and a number or another type for {others:,}. "
            "A condition on one does not see the other.",
            min(texts, others),
            texts + others,
            (),
            name,
        )


CHECKS = (
    Check(
        "email_format",
        "accuracy",
        "Do values of e-mail traits look like addresses?",
        "people",
        10,
        0.10,
        "Check the address when it is typed in, and remove what bounces.",
        _email,
    ),
    Check(
        "phone_format",
        "accuracy",
        "Do values of phone traits look like phone numbers?",
        "people",
        5,
        0.20,
        "Store numbers in international form such as +14155552671 and check them when they are typed in.",
        _phone,
    ),
    Check(
        "country_code",
        "accuracy",
        "Are two-letter countries in ISO 3166?",
        "people",
        5,
        0.20,
        "Offer countries as a list, not as free text; United Kingdom is GB.",
        _country,
    ),
    Check(
        "country_forms",
        "accuracy",
        "Is a country written the same way everywhere?",
        "people",
        5,
        0.30,
        "Choose two-letter codes in every source, so that one condition finds everybody.",
        _country_forms,
    ),
    Check(
        "unreadable_dates",
        "accuracy",
        "Can dates be read?",
        "people",
        5,
        0.20,
        "Export dates as 2026-03-01.",
        _dates,
    ),
    Check(
        "future_dates",
        "accuracy",
        "Do dates of the past lie in the past?",
        "people",
        5,
        0.05,
        "Look for swapped day and month, two-digit years and wrong zones in the source.",
        _future,
    ),
    Check(
        "birthday_plausible",
        "accuracy",
        "Are birthdays plausible?",
        "people",
        5,
        0.20,
        "Let the field be empty instead of offering a default date.",
        _birthday,
    ),
    Check(
        "age_plausible",
        "accuracy",
        "Are ages plausible?",
        "people",
        5,
        0.10,
        "Ask for the birthday or year of birth instead, and check it when it is typed in.",
        _age,
    ),
    Check(
        "mixed_types",
        "accuracy",
        "Has each trait one type?",
        "people",
        5,
        0.30,
        "Set the column's type in the mapping of the source that differs.",
        _types,
    ),
)
