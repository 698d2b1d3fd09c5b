"""What is printed: six dialects, no gap that is not declared, nothing of a user's that becomes SQL."""

from __future__ import annotations

import json
from pathlib import Path

import cases
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlglot import exp, parse_one

from shoal.core.errors import UserError
from shoal.segments.json_form import from_data
from shoal.segments.kinds import KINDS
from shoal.segments.sentence import parse
from shoal.segments.warehouse import gaps
from shoal.segments.warehouse.dialects import DIALECTS
from shoal.segments.warehouse.query import warehouse_sql
from shoal.segments.warehouse.tables import table_statements

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/concepts/warehouse-sql.md").read_text(encoding="utf-8")
CONDITIONS = (ROOT / "docs/concepts/conditions.md").read_text(encoding="utf-8")


class _AnySegment(dict):
    def __contains__(self, _name: object) -> bool:
        return True

    def __missing__(self, _name: str):
        return parse('did "Order Completed"')


def _examples(kind):
    """The JSON of a kind's section in the documentation."""
    section = CONDITIONS.split(f"\n## {kind.name}\n")[1].split("\n## ")[0]
    blocks = [block.split("```")[0] for block in section.split("```json\n")[1:]]
    return [from_data(json.loads(line)) for block in blocks for line in block.strip().splitlines()]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_is_printed_or_declared(kind, dialect):
    examples = _examples(kind)
    assert examples
    for node in examples:
        if (dialect, kind.name) in gaps.GAPS:
            with pytest.raises(UserError, match="has no"):
                warehouse_sql(node, dialect, cases.NOW, _AnySegment())
        else:
            assert parse_one(warehouse_sql(node, dialect, cases.NOW, _AnySegment()), dialect=dialect)


@settings(max_examples=3, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(st.tuples(*cases.leaves.values()), cases.definitions(()))
def test_what_is_printed_parses(nodes, whole):
    for node in (*nodes, whole):
        for dialect in ("bigquery", "snowflake"):
            try:
                query = warehouse_sql(node, dialect, cases.NOW)
            except UserError as error:
                if gaps.NESTED not in error.message:
                    raise
                continue
            assert isinstance(parse_one(query, dialect=dialect), exp.Select)


HOSTILE = st.text(
    st.one_of(
        st.sampled_from("'\"`\\;-/*$?:@%{}()\n\r\t "), st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=20, database=None, suppress_health_check=list(HealthCheck))
@given(HOSTILE, HOSTILE, HOSTILE)
def test_hostile_texts_stay_literals(name, property_name, value):
    node = from_data(
        {
            "did": f"{name}!",
            "where": [{"property": property_name.replace("\\", "").replace(".", "") or "p", "is": f"v{value}"}],
        }
    )
    plain = from_data({"did": "a!", "where": [{"property": "p", "is": "v"}]})
    for dialect in DIALECTS:
        found = parse_one(warehouse_sql(node, dialect, cases.NOW), dialect=dialect)
        texts = [one.this for one in found.find_all(exp.Literal) if one.is_string]
        assert f"{name}!" in texts or dialect == "spark"
        assert f"v{value}" in texts or dialect == "spark"
        if dialect != "spark":  # it may cut a text in two
            assert _shape(found) == _shape(parse_one(warehouse_sql(plain, dialect, cases.NOW), dialect=dialect))


def _shape(query: exp.Expr) -> list[type]:
    return [type(one) for one in query.walk() if not isinstance(one, exp.And | exp.Paren)]


def test_spark_puts_no_variable_into_a_text():
    query = warehouse_sql(parse('plan is "a${spark.app.name}"'), "spark", cases.NOW)
    assert "${" not in query


@pytest.mark.parametrize("sentence", ["birthday is today", 'did "Page Viewed" this month'])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_calendar_needs_an_instant(sentence, dialect):
    with pytest.raises(UserError, match="--as-of"):
        warehouse_sql(parse(sentence), dialect)


def test_a_dialect_that_is_not_there():
    with pytest.raises(UserError, match="There is no dialect 'postgers'"):
        warehouse_sql(parse("plan is set"), "postgers")


def test_a_declared_gap_is_refused_wherever_it_stands(monkeypatch):
    monkeypatch.setattr(gaps, "GAPS", {("spark", "trait"): "no reason."})
    for sentence in ("plan is set", 'did "A" and not plan is set', "in segment s"):
        with pytest.raises(UserError, match="spark has no trait: no reason"):
            warehouse_sql(parse(sentence), "spark", cases.NOW, {"s": parse("plan is set")})
    assert warehouse_sql(parse("plan is set"), "duckdb", cases.NOW)


def test_a_number_made_of_a_property_within_others_is_a_gap_but_in_duckdb():
    node = parse("not sum of products.price of orders is at least 5")
    for dialect in set(DIALECTS) - {"duckdb"}:
        with pytest.raises(UserError, match=r"no number made of products\.price"):
            warehouse_sql(node, dialect, cases.NOW)
    assert warehouse_sql(node, "duckdb", cases.NOW)
    assert warehouse_sql(parse("maximum of products.price of orders is at least 5"), "spark", cases.NOW)


def test_the_page_tells_the_gaps():
    assert ("There are none at present." in PAGE) == (not gaps.GAPS)
    for (dialect, kind), reason in gaps.GAPS.items():
        assert f"| `{dialect}` | {kind} | {reason} |" in PAGE


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_page_shows_the_tables(dialect):
    assert f"| `{dialect}` |" in PAGE
    assert "```sql\n" + "\n\n".join(f"{one};" for one in table_statements(dialect)) + "\n```" in PAGE


@pytest.mark.parametrize("dialect", ["bigquery", "snowflake"])
def test_the_tables_parse(dialect):
    for statement in table_statements(dialect):
        assert isinstance(parse_one(statement, dialect=dialect), exp.Create)
