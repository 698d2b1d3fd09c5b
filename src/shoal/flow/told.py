"""Facts of the few records that were just taken from the journal, with queries that are made once and asked often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from shoal.core.time import Instant
from shoal.flow.facts import (
    CONSENTS,
    Finder,
    Rows,
    by_event,
    consented,
    consents_asked,
    events_query,
    found_at,
    of_streams,
    placed,
    stated,
    stated_query,
    text_of,
)
from shoal.ingest import lake_rows
from shoal.profiles.consent import ADDRESS_SQL
from shoal.segments.live import Consented, Facts, Happened, Needs
from shoal.segments.live.facts import Mentioned
from shoal.segments.operators.binding import Binding
from shoal.segments.streams import Stream

EVENTS, TRAITS, CONSENTED = "told_events", "told_traits", "told_consents"
"""Tables with the columns of the lake's, for the records of the table `fresh`."""

BEFORE = "replaced_events"
"""The events that those of `told_events` take the place of."""


@dataclass(frozen=True, slots=True)
class _Query:
    text: str
    values: Mapping[str, Any]

    def ask(self, duck: duckdb.DuckDBPyConnection) -> pa.Table:
        return duck.sql(self.text, params=self.values).to_arrow_table().combine_chunks()

    def columns(self, duck: duckdb.DuckDBPyConnection) -> dict[str, npt.NDArray[Any]]:
        """The same of columns without NULL; a relation would be planned twice."""
        found: dict[str, npt.NDArray[Any]] = duck.execute(self.text, self.values).fetchnumpy()
        return found


def tell(duck: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Make the tables of the records in `fresh`, of traits and consents only where there are any; their names."""
    facts = lake_rows.facts("fresh")
    has_traits, has_consents = duck.execute(lake_rows.STATED.format(rows="fresh")).fetchall()[0]
    duck.execute(f"CREATE OR REPLACE TEMP VIEW {EVENTS} AS {lake_rows.TOLD}")
    queries = {}
    if has_traits:
        queries[TRAITS] = facts["traits"]
    if has_consents:
        queries[CONSENTED] = _ADDRESSED.format(stated=facts["consents"])
    for table, query in queries.items():
        duck.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")
    return frozenset((EVENTS, *queries))


_ADDRESSED = f"""
SELECT stored.* EXCLUDE (changed), {ADDRESS_SQL} AS address, coalesce(epoch_ms(changed), 0) AS changed
FROM ({{stated}}) AS stored
JOIN (SELECT DISTINCT id, split_part(text, ':', 1) AS kind FROM seen) AS contacts ON contacts.id = stored.contact
"""


class Told:
    """Reads what some needs ask for."""

    def __init__(self, needs: Needs) -> None:
        self._needs = needs
        self._traits = {
            name: _query(_rows(TRAITS), *stated_query(_rows(TRAITS), name, comparisons))
            for name, comparisons in needs.traits.items()
        }
        self._consents = {
            about: _Query(CONSENTS.format(key="key", rows=CONSENTED), consents_asked(*about))
            for about in needs.consents
        }
        self._events: dict[str, dict[str, tuple[list[Stream], _Query]]] = {EVENTS: self._of_events(EVENTS)}

    def _of_events(self, table: str) -> dict[str, tuple[list[Stream], _Query]]:
        rows = _rows(table)
        return {
            name: (streams, _query(rows, *events_query(rows, streams, self._needs, Instant(0))))
            for name, streams in by_event(self._needs).items()
        }

    def facts(self, duck: duckdb.DuckDBPyConnection, whose: Finder, tables: frozenset[str]) -> Facts:
        """What the tables that `tell` made say."""
        names = _newest(duck, EVENTS, "name")
        traits = _newest(duck, TRAITS, "name") if TRAITS in tables else {}
        consents = _newest(duck, CONSENTED, "channel, purpose") if CONSENTED in tables else {}
        mentioned = {
            **{Mentioned("event", name): at for (name,), at in names.items()},
            **{Mentioned("trait", name): at for (name,), at in traits.items()},
            **{Mentioned("consent", *about): at for about, at in consents.items()},
        }
        return Facts(
            self._happened(duck, whose, EVENTS, {name for (name,) in names}),
            tuple(
                stated(name, self._needs.traits[name], placed(query.ask(duck), whose))
                for name, query in self._traits.items()
                if (name,) in traits
            ),
            tuple(
                _consented(about, query.ask(duck), whose)
                for about, query in self._consents.items()
                if about in consents
            ),
            mentioned,
        )

    def replaced(self, duck: duckdb.DuckDBPyConnection, whose: Finder) -> Facts:
        """What the table `replaced_events` says: facts that are to be taken back."""
        names = {name for (name,) in _newest(duck, BEFORE, "name")}
        return Facts(self._happened(duck, whose, BEFORE, names))

    def _happened(
        self, duck: duckdb.DuckDBPyConnection, whose: Finder, table: str, names: set[str]
    ) -> tuple[Happened, ...]:
        if table not in self._events:
            self._events[table] = self._of_events(table)
        found: list[Happened] = []
        for name, (streams, query) in self._events[table].items():
            if name in names or ("*" in name and names):
                found += of_streams(streams, found_at(query.columns(duck), whose), self._needs)
        return tuple(found)


def _rows(table: str) -> Rows:
    return Rows({"events": table, "traits": table}, "key", superseded=False, types={})


def _query(rows: Rows, query: exp.Select, binding: Binding) -> _Query:
    return _Query(text_of(rows, query), binding.of(query))


def _newest(duck: duckdb.DuckDBPyConnection, table: str, columns: str) -> dict[tuple[str, ...], int]:
    """Names in a table with their newest instants."""
    named = columns.partition(", ")[0]
    query = f'SELECT {columns}, epoch_ms(max("at")) FROM {table} WHERE {named} IS NOT NULL GROUP BY ALL'
    return {tuple(about): at for *about, at in duck.execute(query).fetchall()}


def _consented(about: tuple[str, str], rows: pa.Table, whose: Finder) -> Consented:
    """A statement is about who made it, and about who has the address that it names."""
    addressed = rows.filter(pc.not_equal(rows["address"], 0))
    also = addressed.set_column(addressed.schema.get_field_index("key"), "key", addressed["address"])
    told = [placed(each.combine_chunks(), whose) for each in (rows, also)]
    return consented(*about, {name: np.concatenate([each[name] for each in told]) for name in told[0]})
