"""How canonical records become rows of the lake's three tables.

The table `batch` has the columns of `canonical.SCHEMA` plus `source` and `received_at`.
"""

from __future__ import annotations

from shoal.core.ids import KEY_ID_SQL

TABLES = {
    "events": """
        event_id BIGINT, "at" TIMESTAMP, name VARCHAR, key BIGINT, source VARCHAR, received_at TIMESTAMP,
        properties VARIANT, version BIGINT""",
    "traits": """
        key BIGINT, name VARCHAR, value VARIANT, "at" TIMESTAMP, received_at TIMESTAMP, event_id BIGINT,
        source VARCHAR""",
    "consents": """
        key BIGINT, channel VARCHAR, purpose VARCHAR, state VARCHAR, method VARCHAR, text_version VARCHAR,
        "at" TIMESTAMP, received_at TIMESTAMP, event_id BIGINT, source VARCHAR""",
}
"""Columns of the lake's tables, for DuckDB. A row of `events` whose name is NULL is a record that stated facts only."""

CURRENT = "ANTI JOIN superseded AS newer ON newer.event_id = stored.event_id AND newer.version > stored.version"
"""Leaves out the rows `stored` of the lake that a greater version of the same event took the place of."""

_NAMED = r"""CASE WHEN contains({json}, '""') THEN
    regexp_replace({json}, '([{{,]\s*)""(\s*:)', '\1"(blank)"\2', 'g') ELSE {json} END"""
"""The JSON text with a name for what has an empty one, which VARIANT can't hold. In JSON text a quote within
a text is escaped, so two quotes between a bracket or comma and a colon are always an empty name."""

SEEN = f"""
SELECT {KEY_ID_SQL.format(text="text")} AS id, text, epoch_ms(min("at")) AS first_at
FROM (SELECT unnest(keys) AS text, "at" FROM batch) GROUP BY text
"""
"""Each identity key of `batch` once, with the first instant it was seen (ms): the table `batch_keys`. A digest costs
more than all else here, so each text gets one."""

RECORDS = f"""
SELECT {KEY_ID_SQL.format(text="source || chr(10) || message_id")} AS event_id,
       "at"::TIMESTAMP AS "at", name, seen.id AS key, keys,
       source, received_at::TIMESTAMP AS received_at, origin, line, version,
       {_NAMED.format(json="properties")} AS properties, {_NAMED.format(json="traits")} AS traits, consent
FROM batch JOIN batch_keys AS seen ON seen.text = keys[1]
"""
"""`batch` with ids: rows of the table `records`."""

REPEATED = "SELECT count(*) > count(DISTINCT event_id) FROM records"
"""Whether a record may stand in the batch twice."""

NEAR = "INTERVAL 2 DAY"
"""An event with the same id and a time no further off is the same: somebody read its time in another zone."""

FORGET_REPEATED = f"""
CREATE OR REPLACE TEMP TABLE records AS
SELECT * EXCLUDE (arrived, is_far, occasion)
FROM (SELECT *, count(*) FILTER (is_far) OVER (PARTITION BY event_id, name IS NULL ORDER BY "at") AS occasion
      FROM (SELECT *, "at" - lag("at") OVER (PARTITION BY event_id, name IS NULL ORDER BY "at") > {NEAR} AS is_far,
                   bool_or(name IS NOT NULL AND "at" = received_at) OVER (PARTITION BY event_id) AS arrived
            FROM records))
QUALIFY row_number() OVER (
    PARTITION BY event_id, name IS NULL,
                 CASE WHEN name IS NULL THEN epoch_ms("at") WHEN NOT arrived AND version IS NULL THEN occasion END
    ORDER BY version DESC NULLS LAST, received_at, origin, line) = 1
"""
"""Keeps each record once: facts by id and time, an event by id and nearly its time; by its id alone an event that has
versions, of which the greatest stays, or whose arrival once stood in for its time (it had none, or a future one).
Costs as much as all the rest, so it is run only where there is need."""

SPAN = f"""SELECT epoch_ms(min("at") - {NEAR}), epoch_ms(max("at") + {NEAR}) FROM records"""
"""The first and the last instant (ms) between which the lake may hold one of the new records."""

KNOWN = """
CREATE OR REPLACE TEMP TABLE known AS
SELECT event_id, "at", name IS NULL AS states FROM {rows} AS stored SEMI JOIN records USING (event_id)
WHERE stored."at" BETWEEN epoch_ms({first}) AND epoch_ms({last})
"""
"""What `rows` of the lake hold of the new records. The hash table is over the new ones: the lake streams by."""

FORGET_KNOWN = f"""
DELETE FROM records USING known
WHERE records.version IS NULL AND records.event_id = known.event_id AND (records.name IS NULL) = known.states
  AND CASE WHEN known.states THEN records."at" = known."at"
           ELSE records."at" BETWEEN known."at" - {NEAR} AND known."at" + {NEAR} END
"""
"""Takes out the records that the lake holds already."""

HAVE_VERSIONS = "SELECT count(version) > 0 FROM records"
"""Whether any of the new records has a version."""

STORED_VERSIONS = """
CREATE OR REPLACE TEMP TABLE stored_versions AS
SELECT event_id, max(stored.version) AS version
FROM {rows} AS stored SEMI JOIN (SELECT event_id FROM records WHERE version IS NOT NULL) AS new USING (event_id)
WHERE stored.version IS NOT NULL GROUP BY event_id
"""
"""The greatest version that `rows` of the lake hold of each new record that has one."""

FORGET_OLDER = """
DELETE FROM records USING stored_versions AS stored
WHERE records.event_id = stored.event_id AND records.version <= stored.version
"""
"""Takes out the new records of which the lake holds that version or a greater one."""

SUPERSEDING = "SELECT event_id, records.version AS version FROM records JOIN stored_versions USING (event_id)"
"""The new records that take the place of one in the lake, with their versions."""

ARRIVED = """SELECT event_id FROM {rows} WHERE name IS NOT NULL AND version IS NULL AND "at" = received_at"""
"""Events of `rows` whose arrival stands in for their time. Sent again they arrive at another one, so their id alone
tells that they are known. (Facts without a time are stated anew each time they are sent.)"""

FORGET_ARRIVED = """
DELETE FROM records USING arrived WHERE records.event_id = arrived.event_id AND name IS NOT NULL AND version IS NULL
"""
"""Takes out the new records of events that the table `arrived` holds."""

LARGE = 5_000
"""New records of one event name that make a file of their own."""

LARGE_NAMES = f"""
SELECT name FROM {{rows}} WHERE name IS NOT NULL GROUP BY name HAVING count(*) >= {LARGE} ORDER BY name
"""
"""The event names whose rows get a file of their own."""

STRUCTURE = """
SELECT json_group_structure(properties::JSON)::VARCHAR
FROM (SELECT properties FROM {rows} WHERE properties IS NOT NULL AND {part} LIMIT 4000)
"""
"""Types of the properties in a sample of a part."""

EVENTS = """
SELECT event_id, "at", name, key, source, received_at, properties::JSON::VARIANT AS properties, version
FROM (SELECT * FROM {rows} WHERE {part} ORDER BY name, "at")
"""
"""Rows of the table `events`, of one part of the new records. Texts are sorted in two thirds of the time that variants
take."""

STORED_EVENTS = "SELECT * FROM {rows} WHERE {part}"
"""The same of rows that are in the lake, where each file is in order."""

ORDER = {"traits": "name, key", "consents": "channel, purpose, key"}
"""How the rows of the other lake tables stand in a file."""

_FACTS = {
    "traits": """
        SELECT key, entry.key AS name,
               (CASE WHEN json_type(entry.value) <> 'NULL' THEN entry.value END)::VARIANT AS value,
               "at", received_at, event_id, source
        FROM (SELECT * EXCLUDE (key), key, unnest(map_entries(traits::JSON::MAP(VARCHAR, JSON))) AS entry
              FROM records WHERE traits IS NOT NULL)
        ORDER BY {order}""",
    "consents": """
        SELECT key, stated.channel AS channel, coalesce(stated.purpose, 'marketing') AS purpose, stated.state AS state,
               stated.method AS method, stated.text_version AS text_version,
               "at", received_at, event_id, source
        FROM (SELECT *, unnest(from_json(consent, '[{"channel":"VARCHAR","purpose":"VARCHAR","state":"VARCHAR",
                                                    "method":"VARCHAR","text_version":"VARCHAR"}]')) AS stated
              FROM records WHERE consent IS NOT NULL)
        ORDER BY {order}""",
}

FACTS = {table: rows.replace("{order}", ORDER[table]) for table, rows in _FACTS.items()}
"""Rows of the other lake tables, from `records`."""

KEYS = """
SELECT id, split_part(text, ':', 1) AS kind, substr(text, strpos(text, ':') + 1) AS value, min(first_at) AS first_at
FROM seen GROUP BY id, text
"""
"""Each identity key of the new records once, with the first instant it was seen (ms). `seen` holds all `batch_keys`."""

LINKS = f"""
SELECT a, {KEY_ID_SQL.format(text="text")} AS b, epoch_ms(min("at")) AS first_at,
       arg_min(source, ("at", source)) AS source
FROM (SELECT key AS a, unnest(keys[2:]) AS text, "at", source FROM records WHERE len(keys) > 1) GROUP BY a, text
"""
"""Each pair (strongest key, other key) that one new record names, once."""

NAMES = """
SELECT name AS event, '' AS name, count(*) AS rows FROM records WHERE name IS NOT NULL GROUP BY ALL
UNION ALL
SELECT event, property AS name, count(*) AS rows
FROM (SELECT name AS event, unnest(json_keys(properties)) AS property FROM records WHERE name IS NOT NULL)
GROUP BY ALL
UNION ALL
SELECT '' AS event, trait AS name, count(*) AS rows
FROM (SELECT unnest(json_keys(traits)) AS trait FROM records) GROUP BY ALL
"""
"""Names of events, their properties and traits in the new records, with how many have them."""
