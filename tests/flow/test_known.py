"""Which files may hold a record: those that do are always named, whatever was written, compacted and numbered anew."""

from __future__ import annotations

import random

import numpy as np
import pytest

from shoal.core.time import Instant
from shoal.flow import known as known_
from shoal.flow.known import Known
from shoal.store.lake import LakeFile


def file(name):
    return LakeFile("events", f"events/{name}-000.parquet", 1, 1, "", Instant(0), Instant(0))


@pytest.mark.parametrize("seed", range(5))
def test_the_files_of_a_record_are_named(seed, monkeypatch):
    monkeypatch.setattr(known_, "_MOST", 12)  # numbers are used up soon
    draw = random.Random(seed)
    known, held = Known(), {}
    for turn in range(60):
        ids = np.array([draw.getrandbits(64) - 2**63 for _ in range(draw.randint(1, 20))], np.int64)
        written = file(turn)
        known.add(ids, [written])
        held |= dict.fromkeys(ids.tolist(), written)
        files = list(dict.fromkeys(held.values()))
        if len(files) >= 6:
            small, large = files[:5], [file(f"{turn}-large-a"), file(f"{turn}-large-b")]
            known.replaced(small, large)
            held = {id_: large[id_ % 2] if at in small else at for id_, at in held.items()}
        for id_, at in held.items():
            assert at in known.files_of(np.array([id_]))
        assert not known.files_of(np.array([draw.getrandbits(62)], np.int64))
