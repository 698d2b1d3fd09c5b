from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.core.settings import Settings, settings_from


def test_nothing_set_means_the_defaults() -> None:
    assert settings_from(None) == Settings() == settings_from({})


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ([], "settings.yaml"),
        ({"zone": "Mars/Olympus"}, "settings.yaml, zone"),
        ({"zone": 1}, "settings.yaml, zone"),
        ({"region": "usa"}, "settings.yaml, region"),
        ({"currency": "$"}, "settings.yaml, currency"),
        ({"journal_days": 0}, "settings.yaml, journal_days"),
        ({"journal_days": True}, "settings.yaml, journal_days"),
        ({"timezone": "UTC"}, "settings.yaml, timezone"),
    ],
)
def test_a_bad_setting_is_named(data: object, where: str) -> None:
    with pytest.raises(UserError) as error:
        settings_from(data)
    assert (error.value.code, error.value.where) == ("bad_setting", where)


def test_a_misspelt_setting_gets_a_suggestion() -> None:
    with pytest.raises(UserError) as error:
        settings_from({"curency": "EUR"})
    assert error.value.fix == "Did you mean 'currency'?"
