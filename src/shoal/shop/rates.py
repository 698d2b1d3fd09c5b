"""The planted truth as a table: what each persona does, how often, and what changes their mind.

Every number that shapes the reference shop stands here, so that the small form, the large form and
the tests speak of the same people. Rates are per person; shares add up to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Rows = Flags | Ints | slice

DAY = 86_400_000
HOUR = 3_600_000
MINUTE = 60_000
SECOND = 1_000

Course = Literal["steady", "rising", "fading", "dormant", "returning"]
"""How a person's activity runs over the months (people.Courses turns it into levels and turning days)."""

TREATMENTS = ("none", "social_proof", "discount", "guide", "win_back")
"""What a campaign tries. "none" is plain news."""


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of person and their rates at full activity."""

    name: str
    share: float  # of all people
    mail: float  # chance of being in a broadcast's audience
    opens: float  # chance that a delivered mail is opened
    clicks: float  # chance that an opened mail is clicked
    episodes: float  # spells of interest in 180 days
    pricing: float  # chance that a visit looks at the pricing page
    convert: float  # chance that a spell of interest ends in an order
    churn: float  # chance of going silent in any 30 days
    course: Course
    effects: tuple[float, float, float, float, float]  # change of P(order within 7 days) by receipt, as TREATMENTS


PERSONAS = (
    Persona("loyalist", 0.10, 0.78, 0.76, 0.15, 2.80, 0.03, 0.70, 0.02, "steady", (0.0, 0.002, 0.004, 0.004, 0.0)),
    Persona("bargain_hunter", 0.09, 0.64, 0.58, 0.12, 0.60, 0.10, 0.25, 0.06, "steady", (0.0, 0.0, 0.060, 0.0, 0.0)),
    Persona("researcher", 0.08, 0.55, 0.45, 0.10, 1.60, 0.30, 0.10, 0.05, "steady", (0.0, 0.040, 0.006, 0.012, 0.0)),
    Persona("reader", 0.08, 0.70, 0.62, 0.24, 0.35, 0.03, 0.01, 0.03, "steady", (0.0, 0.002, 0.0, 0.008, 0.0)),
    Persona("fader", 0.05, 0.80, 0.75, 0.15, 2.20, 0.05, 0.65, 0.35, "fading", (0.0, 0.0, 0.004, 0.0, 0.030)),
    Persona("dormant", 0.12, 0.36, 0.40, 0.08, 0.20, 0.03, 0.30, 0.90, "dormant", (0.0, 0.0, 0.0, 0.0, 0.010)),
    Persona("returner", 0.04, 0.55, 0.55, 0.15, 0.70, 0.06, 0.35, 0.15, "returning", (0.0, 0.0, 0.008, 0.0, 0.020)),
    Persona("newcomer", 0.07, 0.62, 0.42, 0.16, 0.60, 0.12, 0.20, 0.08, "rising", (0.0, 0.012, 0.006, 0.020, 0.0)),
    Persona("quiet", 0.37, 0.34, 0.10, 0.08, 0.08, 0.04, 0.25, 0.20, "steady", (0.0, 0.0, 0.001, 0.0, -0.001)),
)

CAMPAIGNS_PER_WEEK = 2
EXPERIMENT_EVERY = 8  # every eighth campaign has a purely random audience, whatever the persona
EXPERIMENT_AUDIENCE = 0.5
PLANTED_CLICKS = 0.7  # clicks an opened mail of those who miss segment B only by one early order

STYLE_MATCH, STYLE_MISS = 1.25, 0.93  # on opens: subject written in the person's favourite style, or not
TOPIC_MATCH, TOPIC_MISS = 1.50, 0.90  # on clicks: the person's favourite topic, or not
FORMAT_MATCH, FORMAT_MISS = 1.30, 0.90  # on clicks: the person's favourite format, or not
HOUR_MATCH, HOUR_MISS = 1.15, 0.96  # on opens: sent within two hours of the person's hour, or not

BOT_SHARE = 0.015  # people whose mail is read by a security scanner first
APPLE_SHARE = 0.20  # people whose mail program opens all mail by itself
GMAIL_SHARE = 0.35  # people whose opens come through an image proxy, but are their own
BOT_LINKS = 5  # a scanner follows every link of a mail

REOPEN = 0.15  # chance that an opened mail is opened once more
SECOND_CLICK = 0.20
HARD_BOUNCE = 0.006  # people whose address does not exist
SOFT_BOUNCE = 0.004  # mails
UNSUBSCRIBE = 0.0015  # mails; four times as often once a person has lost interest
SLEEPING_DOG = 0.02  # more, where a quiet person is sent a win-back
COMPLAINT = 0.0003  # mails
FORWARD = 0.003  # opened mails
READING_REPORT = 0.10  # opened mails of which the reading time was measured

JOINED_BEFORE = 0.75  # people who were on the list when the window starts
EMAIL_CONSENT, SMS_CONSENT = 0.96, 0.25
ACCOUNT_BEFORE = 0.70  # people on the list before the start who have a shop account
SIGN_UP = 0.25  # chance that a visit ends in making an account

DUPLICATES = {"typo": 0.025, "tag": 0.015, "second": 0.030, "case": 0.030}
"""Share of people with a second identity, by what it is."""
SECOND_IDENTITY_USE = 0.45  # chance that such a person orders or writes under the second one
HOUSEHOLD_SHARE = 0.02  # people who share a phone and an address with somebody else
SHARED_DEVICE_SHARE = 0.02  # people who share a browser with somebody else
KIOSK_SHARE = 0.00125  # people who use the tablet in the shop: one device for them all

REFUND, CANCEL = 0.05, 0.015  # orders
CRM_SHARE = 0.35
TICKET_AFTER_ORDER = 0.08
TICKET_BEFORE_FADING = 0.40
SURVEY_SHARE = 0.08
HONEST_ANSWER = 0.85  # survey answers that name the true taste
APP_SHARE = 0.10

NEAR_MISS_SHARE = 0.002  # people planted for each way of just missing a segment

MISSING_NAME = 0.06
MISSING_PHONE = 0.25
MISSING_COUNTRY = 0.04
BAD_EMAIL = 0.010
SWAPPED_COUNTRY = 0.03
IMPOSSIBLE_DATE = 0.005
REPEATED_EVENT = 0.002
BLANK_EMAIL = 0.001
GAP_DAYS = (84, 80)  # days before the end between which no web event was collected
CRM_STALE_DAYS = 45  # the CRM export has no change younger than this
