"""Keys seen together and decisions about them, drawn; and the map that follows from them."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
from hypothesis import strategies as st

from shoal.core.ids import key_id
from shoal.ingest.keys import ordered
from shoal.profiles.decisions import Decision
from shoal.profiles.resolution import components
from shoal.profiles.rules import Rules

POOL = (
    *(
        f"user:{text}"
        for text in ("shop/1", "shop/2", "crm/1", "crm/2", "stripe/1", "stripe/2", "7", "8", "9", "guest")
    ),
    *(f"email:{name}@example.org" for name in ("a", "b", "c", "d", "info", "noreply")),
    *(f"phone:+1415555267{digit}" for digit in range(3)),
    *(f"anonymous:{name}" for name in "xyz"),
    *(f"device:{name}" for name in "de"),
)
TEXT = {key_id(text): text for text in POOL}
RULES = Rules(emails_per_user=3, phones_per_key=2, neighbours=6)
NOBODY = ("email:noreply@", "user:guest")

Seen = tuple[int, str, tuple[str, ...]]  # at, source, keys

seen = st.tuples(
    st.integers(0, 5),
    st.sampled_from(("crm", "shop")),
    st.sets(st.sampled_from(POOL), min_size=1, max_size=4).map(ordered),
)
histories = st.lists(seen, max_size=14)
sides = st.sets(st.sampled_from(POOL), min_size=2, max_size=4).map(sorted)


@st.composite
def decided(draw: st.DrawFn) -> list[Decision]:
    made: list[Decision] = []
    for number in range(1, draw(st.integers(0, 4)) + 1):
        if made and draw(st.integers(0, 3)) == 0:
            made.append(Decision(number, "undo", (), (), undoes=draw(st.integers(1, len(made)))))
            continue
        keys = [key_id(text) for text in draw(sides)]
        cut = draw(st.integers(1, len(keys) - 1))
        kind = draw(st.sampled_from(("merge", "split")))
        made.append(Decision(number, kind, tuple(keys[:cut]), tuple(keys[cut:])))
    return made


def tables(history: Iterable[Seen]) -> tuple[pa.Table, pa.Table]:
    keys, links = [], []
    for at, source, (first, *others) in history:
        for text in (first, *others):
            kind, value = text.split(":", 1)
            keys.append({"id": key_id(text), "kind": kind, "value": value, "first_at": at})
        links += [{"a": key_id(first), "b": key_id(text), "first_at": at, "source": source} for text in others]
    integers = dict.fromkeys(("id", "a", "b", "first_at"), pa.int64())
    return (
        pa.Table.from_pylist(
            keys, pa.schema([(name, integers.get(name, pa.string())) for name in ("id", "kind", "value", "first_at")])
        ),
        pa.Table.from_pylist(
            links, pa.schema([(name, integers.get(name, pa.string())) for name in ("a", "b", "first_at", "source")])
        ),
    )


def resolved(history: Iterable[Seen], made: list[Decision] | None = None) -> dict[str, str]:
    found = components(*tables(history), made or [], RULES)
    return {TEXT[key]: TEXT[who] for key, who in zip(found.keys.tolist(), found.subscribers.tolist(), strict=True)}


# ---- the judge: the same rules, one key and one link at a time ----
