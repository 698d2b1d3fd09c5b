from __future__ import annotations

import pickle

from shoal.core.errors import UserError, nearest


def test_an_error_survives_the_way_between_machines() -> None:
    error = UserError("empty_file", "It is empty.", where="a.csv", fix="Export it again.")
    again = pickle.loads(pickle.dumps(error))
    assert again.as_data() == error.as_data()
    assert str(again) == "It is empty. Where: a.csv. Fix: Export it again."


def test_only_near_names_are_suggested() -> None:
    assert nearest("Zzz", ["Product Viewed"]) is None
    assert nearest("product viewd", ["Product Viewed"]) == "Did you mean 'Product Viewed'?"
