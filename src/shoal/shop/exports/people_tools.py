"""Exports of the tools about people: CRM contacts (HubSpot), tickets (Zendesk), survey answers (Typeform)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shoal.shop import rates
from shoal.shop.catalogue import FORMATS, TOPICS
from shoal.shop.desk import MAIL_WISHES, PRIORITIES, ROUTES, SCORES, STATUSES, SUBJECTS
from shoal.shop.names import Names
from shoal.shop.people import DUPLICATE_KINDS
from shoal.shop.rates import DAY, MINUTE, Flags, Ints
from shoal.shop.simulate import Shop
from shoal.shop.text import Text, csv_lines, csv_words, digits, join, pick, seconds, when, write_lines

_CONTACT_HEADER = (
    "Record ID,First Name,Last Name,Email,Phone Number,Job Title,Contact owner,Lifecycle Stage,Create Date,"
    "Last Activity Date,Last Contacted,Company Name,Website URL,Lead Score,Last Modified Date"
)
CONTACT_HEADER = tuple(_CONTACT_HEADER.split(","))
STAGES = ("Subscriber", "Lead", "Marketing Qualified Lead", "Opportunity", "Customer")
OWNERS = ("Priya Example", "Tom Example", None)
JOBS = ("Owner", "Buyer", "Office Manager", None, None)
IMPOSSIBLE = ("2026-02-31 10:00", "0000-00-00 00:00", "2026-13-01 09:00", "31.06.2026")
FIRST_RECORD = 150_000_000
_TICKET_HEADER = (
    "Id,Requester,Requester email,Subject,Status,Priority,Created at,Updated at,Solved at,Satisfaction Score,"
    "Tags,Channel"
)
TICKET_HEADER = tuple(_TICKET_HEADER.split(","))
TAGS = ("shipping", "shipping damage", "shipping", "account", "advice", "newsletter")
QUESTIONS = (
    "What would you like to read about?",
    "Which kind of content do you like best?",
    "How often may we write to you?",
    "How likely are you to recommend us? (0 to 10)",
)
ANSWER_HEADER = ("#", "Email", *QUESTIONS, "Start Date (UTC)", "Submit Date (UTC)", "Network ID")


def write_contacts(shop: Shop, names: Names, folder: Path) -> Path:
    """`crm_contacts.csv`: a third of the people, last synced weeks ago, with the slips of hand-kept records.

    People with a second address are there twice; misspelt addresses were typed in here.
    """
    people = shop.people
    twofold = people.in_crm & (people.duplicate == DUPLICATE_KINDS.index("second"))
    person = np.concatenate([np.flatnonzero(people.in_crm), np.flatnonzero(twofold)])
    typed = people.duplicate[person] == DUPLICATE_KINDS.index("typo")
    second = typed | (np.arange(len(person)) >= int(people.in_crm.sum()))
    flaws = _flaws(shop, len(person))
    dates = _contact_dates(shop, person)

    def lines(rows: slice) -> Text:
        slips = {name: flags[rows] for name, flags in flaws.items()}
        return _contact_lines(
            shop, names, person[rows], second[rows], flaws=slips, dates=dates[:, rows], start=rows.start
        )

    file = folder / "crm_contacts.csv"
    write_lines(file, len(person), lines, CONTACT_HEADER)
    return file


def _flaws(shop: Shop, count: int) -> dict[str, Flags]:
    """Which contacts have which slip."""
    rng = np.random.default_rng([shop.seed, 0xB5])
    shares = {
        "unnamed": rates.MISSING_NAME,
        "bad_email": rates.BAD_EMAIL,
        "bad_date": rates.IMPOSSIBLE_DATE,
        "no_phone": rates.MISSING_PHONE,
    }
    return {name: rng.random(count) < share for name, share in shares.items()}


def _contact_dates(shop: Shop, person: Ints) -> Ints:
    """Created, last active, modified: three rows of instants, none younger than the sync."""
    rng = np.random.default_rng([shop.seed, 0xB6])
    synced = shop.calendar.until - rates.CRM_STALE_DAYS * DAY
    created = shop.calendar.start + (shop.people.joined[person].astype(np.float64) * DAY).astype(np.int64)
    created = np.minimum(created, synced - DAY)
    modified = synced - (rng.exponential(20, len(person)) * DAY).astype(np.int64)
    modified = np.maximum(modified, created)
    active = created + ((modified - created) * rng.random(len(person))).astype(np.int64)
    return np.stack([created, active, modified])


def _contact_lines(
    shop: Shop, names: Names, person: Ints, second: Flags, *, flaws: dict[str, Flags], dates: Ints, start: int
) -> Text:
    number = np.arange(start, start + len(person))
    has_bought = np.isin(person, shop.orders.person)
    score = np.round(shop.lead_score[person]).astype(np.int64)
    stage = np.where(has_bought, 4, np.select([score >= 70, score >= 45, score >= 20], [3, 2, 1], 0))
    created = seconds(dates[0] // MINUTE * MINUTE)
    wrong = pick(IMPOSSIBLE, number % len(IMPOSSIBLE))
    email = names.email_of(person, second)
    return csv_lines(
        [
            digits(FIRST_RECORD + number),
            when(~flaws["unnamed"], names.given.take(person)),
            when(~flaws["unnamed"], names.family.take(person)),
            when(flaws["bad_email"], join(names.given.take(person), " at example"), email),
            when(~flaws["no_phone"], names.phone.take(person)),
            pick(JOBS, number % len(JOBS)),
            pick(OWNERS, number % len(OWNERS)),
            pick(STAGES, stage),
            when(flaws["bad_date"], wrong, created),
            seconds(dates[1]),
            seconds(np.where(number % 3 == 0, dates[1], 0)),
            when(shop.people.is_bot[person], "Acme Example"),
            None,
            digits(score),
            seconds(dates[2]),
        ]
    )


def write_tickets(shop: Shop, names: Names, folder: Path) -> Path:
    """`tickets.csv`, oldest first."""
    asked = shop.tickets

    def lines(rows: slice) -> Text:
        person = asked.person[rows]
        subject = asked.subject[rows]
        at, solved = asked.at[rows], asked.solved_at[rows]
        return csv_lines(
            [
                digits(20_001 + np.arange(rows.start, rows.start + len(person))),
                join(names.given.take(person), " ", names.family.take(person)),
                names.email_of(person, asked.second[rows]),
                pick(csv_words(SUBJECTS), subject),
                pick(STATUSES, asked.status[rows]),
                pick(PRIORITIES, asked.priority[rows]),
                seconds(at),
                seconds(np.maximum(solved, at)),
                seconds(solved),
                pick(SCORES, asked.score[rows]),
                pick(TAGS, subject),
                pick(ROUTES, asked.route[rows]),
            ]
        )

    file = folder / "tickets.csv"
    write_lines(file, len(asked), lines, TICKET_HEADER)
    return file


def write_answers(shop: Shop, names: Names, folder: Path) -> Path:
    """`survey_answers.csv`, oldest first."""
    said = shop.answers

    def lines(rows: slice) -> Text:
        person, at = said.person[rows], said.at[rows]
        number = np.arange(rows.start, rows.start + len(person))
        return csv_lines(
            [
                join("resp", digits(number, 8)),
                names.email_of(person, number % 5 == 0),
                pick([topic.title() for topic in TOPICS], said.topic[rows]),
                pick([shape.replace("_", " ").capitalize() for shape in FORMATS], said.format[rows]),
                pick(MAIL_WISHES, said.wish[rows]),
                pick([str(score) for score in range(11)], said.recommend[rows]),
                seconds(at - 90_000 - person % 7 * 20_000),
                seconds(at),
                join("net", digits(number * 7_919 % 1_000_003, 7)),
            ]
        )

    file = folder / "survey_answers.csv"
    write_lines(file, len(said), lines, ANSWER_HEADER)
    return file
