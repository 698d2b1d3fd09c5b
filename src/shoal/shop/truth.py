"""The truth about every person, for those who judge the product. The product never reads it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shoal.shop.catalogue import CHANNELS, COUNTRIES, FORMATS, STYLES, TOPICS
from shoal.shop.membership import Membership
from shoal.shop.names import Names, names
from shoal.shop.people import DUPLICATE_KINDS, KIOSK_DEVICE, NEAR_MISSES, People
from shoal.shop.rates import PERSONAS, TREATMENTS
from shoal.shop.simulate import Shop
from shoal.shop.text import Text, digits, pick, when


def truth(shop: Shop) -> pa.Table:
    """One row a person: who they are, what moves them, how they are known, and the segments they are in at the end."""
    texts = names(shop.people)
    columns = _nature(shop.people) | _effects(shop) | _identities(shop.people, texts)
    columns |= {field.name: pa.array(getattr(shop.membership, field.name)) for field in fields(Membership)}
    return pa.table(columns)


def write_truth(shop: Shop, file: Path) -> Path:
    """Write `truth` as Parquet."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(truth(shop), file)
    return file


def _nature(people: People) -> dict[str, pa.Array]:
    day_0 = people.course.at(np.zeros(len(people), np.float32), np.arange(len(people)))
    return {
        "person": pa.array(people.number),
        "persona": pick([persona.name for persona in PERSONAS], people.persona),
        "course": pick([persona.course for persona in PERSONAS], people.persona),
        "activity_at_start": pa.array(day_0),
        "turning_day": pa.array(np.where(people.course.turn[0] < 1e5, people.course.turn[0], np.nan)),
        "return_day": pa.array(np.where(people.course.turn[1] < 1e5, people.course.turn[1], np.nan)),
        "joined_day": pa.array(people.joined),
        "churn_propensity": pa.array(people.rate("churn")),
        "convert_propensity": pa.array(np.minimum(people.rate("convert") * (0.5 + 0.5 * people.eager), 0.95)),
        "open_propensity": pa.array(people.rate("opens") * people.lively),
        "click_propensity": pa.array(people.rate("clicks")),
        "send_hour": pa.array(people.hour),
        "zone_hours": pa.array(people.zone),
        "preferred_channel": pick(CHANNELS, people.channel),
        "topic": pick(TOPICS, people.topic),
        "format": pick(FORMATS, people.format),
        "subject_style": pick(STYLES, people.style),
        "country": pick(COUNTRIES, people.country),
        "is_bot": pa.array(people.is_bot),
        "is_apple_privacy": pa.array(people.is_apple),
        "is_image_proxy": pa.array(people.is_gmail),
        "email_consent": pa.array(people.email_consent),
        "sms_consent": pa.array(people.sms_consent),
        "near_miss": pick(NEAR_MISSES, people.near_miss),
    }


def _effects(shop: Shop) -> dict[str, pa.Array]:
    """Change of P(order within 7 days) when the person gets a message of the kind."""
    effect = shop.people.effect()
    return {f"effect_{name}": pa.array(effect[:, place]) for place, name in enumerate(TREATMENTS) if place}


def _identities(people: People, texts: Names) -> dict[str, pa.Array]:
    """How the person is known, and with which other people they share a phone or a browser."""
    own_device = 2 * people.number + 1
    emails = pa.array([[one] if two is None else [one, two] for one, two in
                       zip(texts.email.to_pylist(), texts.second_email.to_pylist(), strict=True)])  # fmt: skip
    return {
        "emails": emails,
        "duplicate": pick(DUPLICATE_KINDS, people.duplicate),
        "user_id": texts.user,
        "klaviyo_ids": _pairs(texts),
        "phone": texts.phone,
        "anonymous_ids": _browsers(texts),
        "given_name": texts.given,
        "family_name": texts.family,
        "shares_phone_with": _other(people.household, people.number),
        "shares_device_with": _other(
            np.where(people.device == own_device, people.number, people.device // 2), people.number
        ),
        "uses_kiosk": pa.array(people.device == KIOSK_DEVICE),
    }


def _pairs(texts: Names) -> pa.Array:
    return pa.array([[one] if two is None else [one, two] for one, two in
                     zip(texts.platform.to_pylist(), texts.second_platform.to_pylist(), strict=True)])  # fmt: skip


def _browsers(texts: Names) -> pa.Array:
    both = zip(texts.first_browser.to_pylist(), texts.second_browser.to_pylist(), strict=True)
    return pa.array([[f"anon-{one}", f"anon-{two}"] for one, two in both])


def _other(owner: np.ndarray, number: np.ndarray) -> Text:
    return when(owner != number, digits(owner))
