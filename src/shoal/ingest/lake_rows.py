"""How canonical records become rows of the lake's three tables.

The table `batch` has the columns of `canonical.SCHEMA` plus `source` and `received_at`.
"""

from __future__ import annotations

from shoal.core.ids import KEY_ID_SQL
from shoal.ingest import conflicts
from shoal.ingest.refusals import REFUSALS
from shoal.store.lake import quoted

TABLES = {
    "events": """
        event_id BIGINT, "at" TIMESTAMP, name VARCHAR, key BIGINT, source VARCHAR, received_at TIMESTAMP,
        properties VARIANT, version BIGINT, digest BIGINT""",
    "traits": """
        key BIGINT, name VARCHAR, value VARIANT, "at" TIMESTAMP, received_at TIMESTAMP, event_id BIGINT,
        source VARCHAR""",
    "consents": """
        key BIGINT, channel VARCHAR, purpose VARCHAR, state VARCHAR, method VARCHAR, text_version VARCHAR,
        "at" TIMESTAMP, received_at TIMESTAMP, event_id BIGINT, source VARCHAR, contact BIGINT, changed TIMESTAMP""",
}
"""Columns of the lake's tables, for DuckDB. A row of `events` whose name is NULL is a record that stated facts only."""

REPLACED = """
newer.event_id = stored.event_id
  AND (newer.version, newer."at", newer.digest) IS DISTINCT FROM (stored.version, stored."at", stored.digest)
"""
"""Whether the row `newer` of the table `superseded` took the place of the row `stored` of the lake."""

CURRENT = f"ANTI JOIN superseded AS newer ON {REPLACED}"
"""Leaves out the rows `stored` of the lake that another statement of the same event took the place of."""

_NAMED = r"""CASE WHEN contains({json}, '""') THEN
    regexp_replace({json}, '([{{,]\s*)""(\s*:)', '\1"(blank)"\2', 'g') ELSE {json} END"""
"""The JSON text with a name for what has an empty one, which VARIANT can't hold. In JSON text a quote within
a text is escaped, so two quotes between a bracket or comma and a colon are always an empty name."""

_SAID = 'concat_ws(chr(10), name, epoch_ms("at"), properties)'

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
       message_id,
       CASE WHEN version IS NOT NULL THEN {KEY_ID_SQL.format(text=_SAID)} ELSE {conflicts.DIGEST} END AS digest,
       {_NAMED.format(json="properties")} AS properties, {_NAMED.format(json="traits")} AS traits, consent
FROM batch JOIN batch_keys AS seen ON seen.text = keys[1]
"""
"""`batch` with ids: rows of the table `fresh`, which become those of `records` once they are known to be new."""

BEST = """version DESC NULLS LAST, CASE WHEN version IS NULL THEN "at" END, digest DESC"""
"""Of several statements of one event the first in this order stands, whenever it came: the greatest version, and among
equal ones one of them by its content; without versions the earliest time."""

FORGET_REPEATED = f"""
CREATE OR REPLACE TABLE fresh AS FROM fresh
QUALIFY row_number() OVER (
    PARTITION BY event_id, CASE WHEN name IS NULL THEN "at" END ORDER BY {BEST}, received_at, origin, line) = 1
"""
"""Keeps each record once: an event by its id, facts by id and time (they may be stated again). Costs as much as all the
rest, so it is run only where there is need."""

KNOWN = """
SELECT event_id, "at", version, digest, name IS NULL AS states FROM {rows} AS stored SEMI JOIN fresh USING (event_id)
"""
"""What `rows` of the lake, or of those on their way there, hold of the new records. The hash table is over the new
ones: the lake streams by."""

FORGET_STATED = """
DELETE FROM fresh USING known
WHERE known.states AND fresh.name IS NULL AND fresh.event_id = known.event_id AND fresh."at" = known."at"
"""
"""Takes out the facts that the lake holds already."""

STANDING = f"""
CREATE OR REPLACE TEMP TABLE standing AS SELECT event_id, "at", version, digest FROM known WHERE NOT states
QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY {BEST}) = 1
"""
"""The statement of each known event that stands so far."""

FORGET_KNOWN = """
DELETE FROM fresh USING standing
WHERE fresh.name IS NOT NULL AND fresh.event_id = standing.event_id AND NOT CASE
    WHEN fresh.version IS NULL AND standing.version IS NULL THEN fresh."at" < standing."at"
    WHEN fresh.version IS NULL OR standing.version IS NULL THEN fresh.version IS NOT NULL
    ELSE (fresh.version, fresh.digest) > (standing.version, standing.digest) END
"""
"""Takes out the new records of events of which a statement as good or better stands."""

SUPERSEDING = """
SELECT event_id, fresh.version AS version, epoch_ms(fresh."at") AS "at", fresh.digest AS digest
FROM fresh JOIN standing USING (event_id) WHERE fresh.name IS NOT NULL
"""
"""The new records that take the place of one in the lake."""

REPLACED_EVENTS = """
SELECT event_id, "at", name, key, source, received_at, {properties} AS properties, version, digest
FROM {rows} AS stored SEMI JOIN (
    SELECT standing.* FROM standing SEMI JOIN fresh ON fresh.event_id = standing.event_id AND fresh.name IS NOT NULL
) AS standing ON standing.event_id = stored.event_id
    AND (standing.version, standing."at", standing.digest)
        IS NOT DISTINCT FROM (stored.version, stored."at", stored.digest)
WHERE name IS NOT NULL
"""
"""The rows whose place new records take, as rows of the table `events`."""

LARGE = 5_000
"""New records of one event name that make a file of their own."""

LARGE_NAMES = f"""
SELECT name, {{repeats}} FROM {{rows}} WHERE name IS NOT NULL GROUP BY name HAVING count(*) >= {LARGE} ORDER BY name
"""
"""The event names whose rows get a file of their own, and whether their properties repeat."""

REPEATS = "approx_count_distinct(properties) * 4 < count(*)"
"""Whether the same properties come again and again, as those of a campaign's mails do."""

STRUCTURE = """
SELECT json_group_structure(properties::JSON)::VARCHAR
FROM (SELECT properties FROM {rows} WHERE properties IS NOT NULL AND {part} {sample})
"""
"""Types of the properties in a sample of a part."""

SAMPLE = "LIMIT 4000"
SAMPLE_OF_NAMES = "QUALIFY row_number() OVER (PARTITION BY name) <= 100"
"""The samples of a part with one event name, and with several, which stand in order."""

_IN_ORDER = '(SELECT * FROM {rows} WHERE {part} ORDER BY name, "at")'

EVENTS = f"""
SELECT event_id, "at", name, key, source, received_at, properties::JSON::VARIANT AS properties, version, digest
FROM {_IN_ORDER}
"""
"""Rows of the table `events`, of one part of the new records. Texts are sorted in two thirds of the time that variants
take."""

EVENTS_REPEATING = f"""
SELECT event_id, "at", name, key, source, received_at, parsed.properties, version, digest
FROM {_IN_ORDER} AS stated LEFT JOIN (
    SELECT text, text::JSON::VARIANT AS properties
    FROM (SELECT DISTINCT properties AS text FROM {{rows}} WHERE {{part}})) AS parsed ON parsed.text = stated.properties
"""
"""The same, where each different text is parsed once."""

TOLD = """
SELECT event_id, "at", name, key, source, received_at, properties::JSON::VARIANT AS properties, version, digest
FROM fresh
"""
"""The same of the table `fresh`, in no order: properties are parsed of the rows only that somebody asks for."""

STORED_EVENTS = "SELECT * FROM {rows} WHERE {part}"
"""The same of rows that are in the lake, where each file is in order."""

ORDER = {"traits": "name, key", "consents": "channel, purpose, key"}
"""How the rows of the other lake tables stand in a file."""

_ADDRESS = """list_filter(keys, lambda text: starts_with(text,
    CASE stated.channel WHEN 'email' THEN 'email:' WHEN 'sms' THEN 'phone:' ELSE keys[1] END))[1]"""

_CONTACT = f"""CASE WHEN coalesce({_ADDRESS}, keys[1]) = keys[1] THEN key
    ELSE {KEY_ID_SQL.format(text=f"({_ADDRESS})")} END"""
"""Whom of a source a consent is about: the address that the record names for the channel, else its strongest key."""

_CHANGED = """CASE WHEN "at" >= received_at AND stated.changed <= epoch_ms(received_at)
    THEN make_timestamp_ms(stated.changed) END"""
"""When the row that shows an undated consent last changed; a time that is still to come says nothing."""

_REFUSES = f"coalesce(version IS NULL AND name IN ({', '.join(map(quoted, REFUSALS))}), false)"
_METHODS = " ".join(f"WHEN {quoted(name)} THEN {quoted(each.method)}" for name, each in REFUSALS.items() if each.method)
_CHANNEL = (
    f"CASE name {' '.join(f'WHEN {quoted(name)} THEN {quoted(each.channel)}' for name, each in REFUSALS.items())} END"
)
_STATED = f"""CASE
    WHEN {_REFUSES} AND len(list_filter(said, lambda one: one.channel = {_CHANNEL} AND one.state = 'denied')) = 0
    THEN list_append(said, {{'channel': {_CHANNEL}, 'purpose': NULL::VARCHAR, 'state': 'denied',
                             'method': CASE name {_METHODS} END, 'text_version': NULL::VARCHAR,
                             'changed': NULL::BIGINT}})
    ELSE said END"""
"""What a record states of consent, and the refusal that an event is (`refusals.REFUSALS`)."""

_FACTS = {
    "traits": """
        SELECT key, entry.key AS name,
               (CASE WHEN json_type(entry.value) <> 'NULL' THEN entry.value END)::VARIANT AS value,
               "at", received_at, event_id, source
        FROM (SELECT * EXCLUDE (key), key, unnest(map_entries(traits::JSON::MAP(VARCHAR, JSON))) AS entry
              FROM {rows} WHERE traits IS NOT NULL)
        ORDER BY {order}""",
    "consents": f"""
        SELECT key, stated.channel AS channel, coalesce(stated.purpose, 'marketing') AS purpose, stated.state AS state,
               stated.method AS method, stated.text_version AS text_version,
               "at", received_at, event_id, source, {_CONTACT} AS contact, {_CHANGED} AS changed
        FROM (SELECT *, unnest({_STATED}) AS stated
              FROM (SELECT *, from_json(coalesce(consent, '[]'), '[{{"channel":"VARCHAR","purpose":"VARCHAR",
                        "state":"VARCHAR","method":"VARCHAR","text_version":"VARCHAR","changed":"BIGINT"}}]') AS said
                    FROM {{rows}} WHERE consent IS NOT NULL OR {_REFUSES}))
        ORDER BY {{order}}""",
}

STATED = f"""
SELECT count(traits) > 0, count(*) FILTER (consent IS NOT NULL OR {_REFUSES}) > 0 FROM {{rows}}
"""
"""Whether some rows state traits, and whether they state consent."""


def facts(rows: str) -> dict[str, str]:
    """Queries for the rows of the other lake tables, from a table with the columns of `fresh`."""
    return {table: query.replace("{order}", ORDER[table]).replace("{rows}", rows) for table, query in _FACTS.items()}


KEYS = """
SELECT id, split_part(text, ':', 1) AS kind, substr(text, strpos(text, ':') + 1) AS value, min(first_at) AS first_at
FROM seen GROUP BY id, text
"""
"""Each identity key of the new records once, with the first instant it was seen (ms). `seen` holds all `batch_keys`."""

LINKS = f"""
SELECT a, {KEY_ID_SQL.format(text="text")} AS b, epoch_ms(min("at")) AS first_at,
       arg_min(source, ("at", source)) AS source
FROM (SELECT key AS a, unnest(keys[2:]) AS text, "at", source FROM fresh WHERE len(keys) > 1) GROUP BY a, text
"""
"""Each pair (strongest key, other key) that one new record names, once."""

KNOWN_IDENTITIES = (
    "CREATE TEMP TABLE known_keys (id BIGINT, first_at BIGINT)",
    "CREATE TEMP TABLE known_links (a BIGINT, b BIGINT, first_at BIGINT, source VARCHAR)",
    "CREATE TEMP TABLE asked_known_keys (id BIGINT)",
    "CREATE TEMP TABLE asked_known_links (id BIGINT)",
)
"""What the database was found to know of the keys seen so far, and which keys it was asked about."""

FORGET_IDENTITIES = (
    """DELETE FROM new_keys USING known_keys AS known
       WHERE known.id = new_keys.id AND known.first_at <= new_keys.first_at""",
    """DELETE FROM new_links USING known_links AS known WHERE (known.a, known.b) = (new_links.a, new_links.b)
       AND (known.first_at < new_links.first_at
            OR known.first_at = new_links.first_at AND known.source <= new_links.source)""",
)
"""Takes out the keys and links that the database knows from as early."""

NAMES = """
SELECT name AS event, '' AS name, count(*) AS rows FROM {rows} WHERE name IS NOT NULL GROUP BY ALL
UNION ALL
SELECT event, property AS name, sum(rows)::BIGINT AS rows
FROM (SELECT name AS event, unnest(json_keys(properties)) AS property, rows
      FROM (SELECT name, properties, count(*) AS rows FROM {rows} WHERE name IS NOT NULL GROUP BY ALL))
GROUP BY ALL
UNION ALL
SELECT '' AS event, trait AS name, count(*) AS rows
FROM (SELECT unnest(json_keys(traits)) AS trait FROM {rows}) GROUP BY ALL
"""
"""Names of events, their properties and traits in the new records, with how many have them."""

STORED_NAMES = {
    "events": """
        SELECT name AS event, '' AS name, count(*) AS rows FROM {rows} WHERE name IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT event, property AS name, count(*) AS rows
        FROM (SELECT name AS event, unnest(json_keys(properties::JSON)) AS property
              FROM {rows} WHERE name IS NOT NULL)
        GROUP BY ALL""",
    "traits": "SELECT '' AS event, name, count(*) AS rows FROM {rows} GROUP BY ALL",
}
"""The same of rows that are in the lake."""

SEVERAL = f"""
SELECT event_id, version, epoch_ms("at") AS "at", digest
FROM {{rows}} AS stored SEMI JOIN (
    SELECT event_id FROM {{rows}} WHERE name IS NOT NULL GROUP BY event_id HAVING count(*) > 1
) AS several USING (event_id)
WHERE name IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY {BEST}) = 1
"""
"""Of each event of which the lake holds several statements, the one that stands."""
