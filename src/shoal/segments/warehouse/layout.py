"""The views that plans read, made of the tables of docs/concepts/warehouse-sql.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from shoal.segments.warehouse.dialect import Dialect

_TEXT, _NUMBER, _VALUE, _INSTANT = "text", "number", "value", "instant"

_TRAITS = {"name": _TEXT, "value": _VALUE, "at": _INSTANT, "event_id": _NUMBER, "source": _TEXT}
_CONSENTS = {
    **dict.fromkeys(("channel", "purpose", "state", "method", "source"), _TEXT),
    **dict.fromkeys(("at", "received_at"), _INSTANT),
    **dict.fromkeys(("event_id", "contact", "address", "changed"), _NUMBER),
}


def with_views(query: exp.Expr, dialect: Dialect, zone: str) -> exp.Expr:
    """The query with what it reads beside the tables: traits and consents one row a statement, and the zone."""
    assert isinstance(query, exp.Select)
    views: Mapping[str, Callable[[], exp.Select]] = {
        "traits": lambda: _statements("traits", _TRAITS, dialect),
        "consents": lambda: _statements("consents", _CONSENTS, dialect),
        "workspace": lambda: exp.select(exp.alias_(exp.Literal.string(zone), "zone")),
    }
    read = {table.name for table in query.find_all(exp.Table)}
    for name, view in views.items():
        if name in read:
            first = exp.CTE(this=view(), alias=exp.TableAlias(this=exp.to_identifier(name)))
            query.args["with_"].expressions.insert(0, first)
    return query


def _statements(name: str, fields: Mapping[str, str], dialect: Dialect) -> exp.Select:
    elements = dialect.elements(name).subquery("elements")
    columns = [exp.alias_(_field(field, form, dialect), field) for field, form in fields.items()]
    return exp.select("subscriber", *columns).from_(elements)


def _field(name: str, form: str, dialect: Dialect) -> exp.Expr:
    """A field of a statement; where it is left out: no id, no address, and a consent that has a date."""
    value = dialect.ask(dialect.member, v=exp.column("element"), k=exp.Literal.string(name))
    if form == _VALUE:
        return value
    if form == _TEXT:
        return dialect.ask(dialect.text, v=value)
    number = dialect.ask(dialect.whole, v=value)
    if form == _NUMBER:
        return exp.func("COALESCE", number, exp.Literal.number(0))
    if name == "received_at":
        return dialect.ask(dialect.of_milliseconds, x=_or_later(number, dialect))
    return dialect.ask(dialect.of_milliseconds, x=number)


def _or_later(received: exp.Expr, dialect: Dialect) -> exp.Expr:
    at = dialect.ask(dialect.whole, v=dialect.ask(dialect.member, v=exp.column("element"), k=exp.Literal.string("at")))
    return exp.func("COALESCE", received, exp.Add(this=at, expression=exp.Literal.number(1)))
