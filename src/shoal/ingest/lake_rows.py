"""How canonical records become rows of the lake's three tables.

The table `batch` has the columns of `canonical.SCHEMA` plus `source` and `received_at`.
"""

from __future__ import annotations

from shoal.core.ids import KEY_ID_SQL

TABLES = {
    "events": """
        event_id BIGINT, "at" TIMESTAMP, name VARCHAR, key BIGINT, source VARCHAR, received_at TIMESTAMP,
        properties VARIANT""",
    "traits": """
        key BIGINT, name VARCHAR, value VARIANT, "at" TIMESTAMP, received_at TIMESTAMP, event_id BIGINT,
        source VARCHAR""",
    "consents": """
        key BIGINT, channel VARCHAR, purpose VARCHAR, state VARCHAR, method VARCHAR, text_version VARCHAR,
        "at" TIMESTAMP, received_at TIMESTAMP, event_id BIGINT, source VARCHAR""",
}
"""Columns of the lake's tables, for DuckDB. A row of `events` whose name is NULL is a record that stated facts only."""

RECORDS = f"""
CREATE OR REPLACE TEMP TABLE records AS
SELECT {KEY_ID_SQL.format(text="source || chr(10) || message_id")} AS event_id,
       "at"::TIMESTAMP AS "at", name, {KEY_ID_SQL.format(text="keys[1]")} AS key, keys,
       source, received_at::TIMESTAMP AS received_at, origin, line, properties, traits, consent
FROM batch
"""
"""The batch with ids."""

REPEATED = 'SELECT count(*) > count(DISTINCT (event_id, "at")) FROM records'
"""Whether a record stands in the batch twice."""

FORGET_REPEATED = """
CREATE OR REPLACE TEMP TABLE records AS FROM records
QUALIFY row_number() OVER (PARTITION BY event_id, "at" ORDER BY received_at, origin, line) = 1
"""
"""Keeps each record once. Costs as much as all the rest, so it is run only where there is need."""

FORGET_KNOWN = """
DELETE FROM records USING {known} AS known
WHERE records.event_id = known.event_id AND records."at" = known."at"
"""
"""Takes out the records that the lake holds already; `known` reads event_id and at."""

ROWS = {
    "events": """
        SELECT event_id, "at", name, key, source, received_at, properties::JSON::VARIANT AS properties
        FROM records ORDER BY name, "at"
    """,
    "traits": """
        SELECT key, entry.key AS name,
               (CASE WHEN json_type(entry.value) <> 'NULL' THEN entry.value END)::VARIANT AS value,
               "at", received_at, event_id, source
        FROM (SELECT * EXCLUDE (key), key, unnest(map_entries(traits::JSON::MAP(VARCHAR, JSON))) AS entry
              FROM records WHERE traits IS NOT NULL)
        ORDER BY name, key""",
    "consents": """
        SELECT key, stated.channel AS channel, coalesce(stated.purpose, 'marketing') AS purpose, stated.state AS state,
               stated.method AS method, stated.text_version AS text_version,
               "at", received_at, event_id, source
        FROM (SELECT *, unnest(from_json(consent, '[{"channel":"VARCHAR","purpose":"VARCHAR","state":"VARCHAR",
                                                    "method":"VARCHAR","text_version":"VARCHAR"}]')) AS stated
              FROM records WHERE consent IS NOT NULL)
        ORDER BY channel, purpose, key""",
}
"""Rows of each lake table, from `records`."""

KEYS = f"""
SELECT {KEY_ID_SQL.format(text="text")} AS id, split_part(text, ':', 1) AS kind,
       substr(text, strpos(text, ':') + 1) AS value, epoch_ms(min("at")) AS first_at
FROM (SELECT unnest(keys) AS text, "at" FROM records) GROUP BY text
"""
"""Each identity key of the new records once, with the first instant it was seen (ms)."""

LINKS = f"""
SELECT a, {KEY_ID_SQL.format(text="text")} AS b, epoch_ms(min("at")) AS first_at,
       arg_min(source, ("at", source)) AS source
FROM (SELECT key AS a, unnest(keys[2:]) AS text, "at", source FROM records WHERE len(keys) > 1) GROUP BY a, b
"""
"""Each pair (strongest key, other key) that one new record names, once."""

NAMES = """
SELECT name AS event, '' AS name, count(*) AS rows FROM records WHERE name IS NOT NULL GROUP BY ALL
UNION ALL
SELECT event, property AS name, count(*) AS rows
FROM (SELECT name AS event, unnest(json_keys(properties)) AS property FROM records WHERE name IS NOT NULL)
WHERE property <> '' GROUP BY ALL
UNION ALL
SELECT '' AS event, trait AS name, count(*) AS rows
FROM (SELECT unnest(json_keys(traits)) AS trait FROM records) WHERE trait <> '' GROUP BY ALL
"""
"""Names of events, their properties and traits in the new records, with how many have them."""
