"""The names of events, so that every source says the same thing with the same words.

Names follow the Segment specifications for e-commerce, e-mail, pages and lifecycle
(https://segment.com/docs/connections/spec/); where those have no word, the name has the same
form: what, then a past participle. A source's own event that has no counterpart keeps its own name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

EMAIL_SENT: Final = "Email Sent"
EMAIL_DELIVERED: Final = "Email Delivered"
EMAIL_DEFERRED: Final = "Email Deferred"
EMAIL_DROPPED: Final = "Email Dropped"
EMAIL_OPENED: Final = "Email Opened"
EMAIL_LINK_CLICKED: Final = "Email Link Clicked"
EMAIL_BOUNCED: Final = "Email Bounced"
EMAIL_MARKED_AS_SPAM: Final = "Email Marked as Spam"
EMAIL_FORWARDED: Final = "Email Forwarded"
EMAIL_PRINTED: Final = "Email Printed"
EMAIL_CONVERTED: Final = "Email Converted"
EMAIL_REPLIED: Final = "Email Replied"
SUBSCRIBED: Final = "Subscribed"
UNSUBSCRIBED: Final = "Unsubscribed"
LIST_JOINED: Final = "List Joined"
LIST_LEFT: Final = "List Left"

PAGE_VIEWED: Final = "Page Viewed"
PAGE_SCROLLED: Final = "Page Scrolled"
SCREEN_VIEWED: Final = "Screen Viewed"
FIRST_VISITED: Final = "First Visited"
SITE_VISITED: Final = "Site Visited"
SESSION_STARTED: Final = "Session Started"
LINK_CLICKED: Final = "Link Clicked"
FILE_DOWNLOADED: Final = "File Downloaded"
VIDEO_STARTED: Final = "Video Playback Started"
VIDEO_COMPLETED: Final = "Video Playback Completed"
FORM_STARTED: Final = "Form Started"
FORM_SUBMITTED: Final = "Form Submitted"
SURVEY_ANSWERED: Final = "Survey Answered"

PRODUCTS_SEARCHED: Final = "Products Searched"
PRODUCT_LIST_VIEWED: Final = "Product List Viewed"
PRODUCT_CLICKED: Final = "Product Clicked"
PRODUCT_VIEWED: Final = "Product Viewed"
PRODUCT_ADDED: Final = "Product Added"
PRODUCT_REMOVED: Final = "Product Removed"
PRODUCT_ADDED_TO_WISHLIST: Final = "Product Added to Wishlist"
PRODUCT_ORDERED: Final = "Product Ordered"
PRODUCT_REVIEWED: Final = "Product Reviewed"
CART_VIEWED: Final = "Cart Viewed"
CHECKOUT_STARTED: Final = "Checkout Started"
CHECKOUT_STEP_COMPLETED: Final = "Checkout Step Completed"
PAYMENT_INFO_ENTERED: Final = "Payment Info Entered"
ORDER_PLACED: Final = "Order Placed"
ORDER_COMPLETED: Final = "Order Completed"
ORDER_UPDATED: Final = "Order Updated"
ORDER_FULFILLED: Final = "Order Fulfilled"
ORDER_CANCELLED: Final = "Order Cancelled"
ORDER_REFUNDED: Final = "Order Refunded"
PROMOTION_VIEWED: Final = "Promotion Viewed"
PROMOTION_CLICKED: Final = "Promotion Clicked"
PAYMENT_FAILED: Final = "Payment Failed"

SIGNED_UP: Final = "Signed Up"
SIGNED_IN: Final = "Signed In"
TRIAL_STARTED: Final = "Trial Started"
CONTENT_SHARED: Final = "Content Shared"

SMS_SENT: Final = "SMS Sent"
SMS_DELIVERED: Final = "SMS Delivered"
SMS_LINK_CLICKED: Final = "SMS Link Clicked"
SMS_FAILED: Final = "SMS Failed"
SMS_REPLIED: Final = "SMS Replied"
SMS_UNSUBSCRIBED: Final = "SMS Unsubscribed"
PUSH_SENT: Final = "Push Notification Sent"
PUSH_DELIVERED: Final = "Push Notification Delivered"
PUSH_OPENED: Final = "Push Notification Tapped"
PUSH_BOUNCED: Final = "Push Notification Bounced"
IN_APP_SENT: Final = "In-App Message Sent"
IN_APP_OPENED: Final = "In-App Message Opened"
IN_APP_CLICKED: Final = "In-App Message Clicked"
AD_CLICKED: Final = "Ad Clicked"
AD_VIEWED: Final = "Ad Viewed"
APP_INSTALLED: Final = "Application Installed"
APP_OPENED: Final = "App Opened"
APP_UPDATED: Final = "Application Updated"

LEAD_GENERATED: Final = "Lead Generated"
DEAL_CREATED: Final = "Deal Created"
DEAL_STAGE_CHANGED: Final = "Deal Stage Changed"
DEAL_CLOSED: Final = "Deal Closed"
TICKET_CREATED: Final = "Ticket Created"
TICKET_COMMENTED: Final = "Ticket Commented"
TICKET_SOLVED: Final = "Ticket Solved"
CHAT_STARTED: Final = "Live Chat Conversation Started"

NAMES: Final = frozenset(name for key, name in list(globals().items()) if key.isupper() and isinstance(name, str))
"""Every canonical name."""

REFUSING: Final[Mapping[str, tuple[str, ...]]] = {
    UNSUBSCRIBED: (
        *("unsubscribed", "unsubscribe", "email unsubscribed", "email unsubscribe", "unsubscribed email"),
        *("unsubscribed from email", "unsubscribed from emails", "unsubscribed from email marketing"),
        *("unsubscribed from marketing", "unsubscribed from marketing emails", "unsubscribed from newsletter"),
        *("unsubscribed from all", "unsubscribed from all email", "unsubscribed from all emails"),
        *("unsubscribed from list", "list unsubscribed", "list unsubscribe", "link unsubscribe"),
        *("group unsubscribe", "global unsubscribe", "newsletter unsubscribed", "user unsubscribed"),
        *("contact unsubscribed", "customer unsubscribed", "subscriber unsubscribed", "profile unsubscribed"),
        *("opted out", "email opted out", "email opt out", "opted out of email", "opted out of emails"),
        *("opted out of marketing", "opted out of email marketing"),
    ),
    EMAIL_MARKED_AS_SPAM: (
        *("email marked as spam", "marked email as spam", "marked as spam", "mark as spam", "marked spam"),
        *("complained", "complaint", "email complained", "email complaint", "email complaint received"),
        *("spam complaint", "email spam complaint", "spam complaints", "spam complained"),
        *("spam report", "spam reported", "spamreport", "email spam report", "email spam reported", "reported spam"),
        *("reported as spam", "email reported as spam", "reported email as spam", "spammed", "email spammed"),
    ),
    SMS_UNSUBSCRIBED: (
        *("sms unsubscribed", "sms unsubscribe", "unsubscribed from sms", "unsubscribed from sms marketing"),
        *("sms opted out", "sms opt out", "opted out of sms", "unsubscribed from text messages"),
    ),
}
"""What tools call the events that refuse e-mail and SMS. A tool that means something else by one maps it before."""

_BETWEEN: Final = re.compile(r"[\s_\-.:/]+|(?<=[a-z])(?=[A-Z])")
_INVISIBLE: Final = "\ufeff\u200b\u200c\u200d\u2060"


def _words(name: str) -> str:
    return " ".join(filter(None, _BETWEEN.split(name))).casefold().replace("e mail", "email")


_REFUSING: Final = {words: name for name, spellings in REFUSING.items() for words in spellings}
_SPELLED: Final = {name.casefold(): name for name in NAMES}


@lru_cache(maxsize=65_536)
def canonical_name(name: str) -> str:
    """The name as it is kept: without blanks around it, and the canonical one where it is that in another case.

    What refuses e-mail or SMS is known by other names too (`REFUSING`).

    >>> canonical_name(" order  completed "), canonical_name("Finished quiz "), canonical_name("email_unsubscribed")
    ('Order Completed', 'Finished quiz', 'Unsubscribed')
    """
    text = name.strip().strip(_INVISIBLE).strip()
    known = _SPELLED.get(" ".join(text.split()).casefold()) or _REFUSING.get(_words(text))
    return known or text or name
