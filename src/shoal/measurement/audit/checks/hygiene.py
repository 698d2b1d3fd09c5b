"""Checks on machines that open and click, and on consent."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.ingest.events import EMAIL_DELIVERED, EMAIL_SENT
from shoal.measurement.audit.checks.check import Check, Scene, Sight
from shoal.measurement.audit.evidence import SENDS
from shoal.measurement.audit.machines import machine_sql
from shoal.measurement.wording import in_percent, many
from shoal.profiles.consent import states_sql

_SINCE = """(
    WITH asked AS (SELECT * FROM audit_consents WHERE channel = 'email' AND purpose = 'marketing'),
         doubtful AS (SELECT * FROM asked SEMI JOIN (SELECT subscriber FROM asked WHERE state = 'denied')
                                          USING (subscriber))
    SELECT known.*, turn.since
    FROM (SELECT DISTINCT subscriber, "at" AS since FROM doubtful) AS turn
    JOIN doubtful AS known ON known.subscriber = turn.subscriber AND known."at" <= turn.since)"""
"""What was known at each instant at which somebody who ever refused e-mail said something of it."""


def _machine(scene: Scene, is_open: bool) -> Iterator[Sight]:
    what = "open" if is_open else "click"
    for source, unmarked, of in scene.evidence.rows(
        f"""SELECT source, count(*) FILTER (NOT marked AND {machine_sql()}) AS unmarked, count(*)
            FROM audit_touches WHERE is_open = ? GROUP BY source HAVING unmarked > 0 ORDER BY source""",
        is_open,
    ):
        yield Sight(
            f"{many(unmarked, what)} of {of:,}{in_percent(unmarked, of)} look like a machine's "
            "and were not marked as such.",
            unmarked,
            of,
            (source,),
        )


def _opens(scene: Scene) -> Iterator[Sight]:
    return _machine(scene, is_open=True)


def _clicks(scene: Scene) -> Iterator[Sight]:
    return _machine(scene, is_open=False)


def _unknown(scene: Scene) -> Iterator[Sight]:
    mailed, unknown = scene.evidence.row(
        """SELECT count(*), count(*) FILTER (known.subscriber IS NULL)
           FROM (SELECT DISTINCT subscriber FROM audit_mail WHERE name IN (?, ?))
           LEFT JOIN (SELECT DISTINCT subscriber FROM audit_consent_now WHERE channel = 'email') AS known
           USING (subscriber)""",
        *SENDS,
    )
    if mailed:
        yield Sight(
            f"{many(unknown, 'person', 'people')} of {mailed:,} who got mail{in_percent(unknown, mailed)} "
            "have no consent on record.",
            unknown,
            mailed,
        )


def _refused(scene: Scene) -> Iterator[Sight]:
    for source, against, of in scene.evidence.rows(
        f"""SELECT mail.source, count(*) FILTER (state = 'denied') AS against, count(*)
            FROM (SELECT subscriber, source, "at" FROM audit_mail WHERE name = '{EMAIL_DELIVERED}'
                  UNION ALL
                  SELECT subscriber, source, "at" FROM audit_mail WHERE name = '{EMAIL_SENT}' AND source NOT IN
                      (SELECT source FROM audit_mail WHERE name = '{EMAIL_DELIVERED}')) AS mail
            ASOF LEFT JOIN ({states_sql(_SINCE, by="subscriber, since")}) AS stated
              ON mail.subscriber = stated.subscriber AND mail."at" >= stated.since + INTERVAL 1 DAY
            GROUP BY mail.source HAVING against > 0 ORDER BY mail.source"""
    ):
        yield Sight(
            f"{many(against, 'message')} of {of:,} went to people who had refused e-mail more than a day before.",
            against,
            of,
            (source,),
        )


CHECKS = (
    Check(
        "machine_opens",
        "machines",
        "Are opens by mail proxies and scanners told apart?",
        "opens",
        10,
        0.50,
        "Say “by a person” in segments and goals, and lean on clicks rather than opens.",
        _opens,
    ),
    Check(
        "machine_clicks",
        "machines",
        "Are clicks by link scanners told apart?",
        "clicks",
        10,
        0.20,
        "Say “by a person” in segments and goals; ask the mail platform to export its bot flag.",
        _clicks,
    ),
    Check(
        "consent_unknown",
        "consent",
        "Is there consent on record for everybody who gets mail?",
        "people",
        10,
        0.50,
        "Import the platform's subscription status with its date, and ask the rest once.",
        _unknown,
    ),
    Check(
        "mail_after_refusal",
        "consent",
        "Does nobody get mail after refusing it?",
        "messages",
        15,
        0.005,
        "Stop these sends now; send only to people whose consent is granted.",
        _refused,
        few=1,
    ),
)
