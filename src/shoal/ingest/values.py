"""Reading times, numbers and truth values out of the texts of exports.

Sources call these for the columns they know, and `plain` for the columns they don't. A value that
can't be read as a time rejects its row; a value that is no number or no truth value is None, and the
source decides what that means.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from shoal.core.time import EPOCH, Instant, from_datetime
from shoal.ingest.canonical import INT64, Json
from shoal.ingest.source import Context, RowRejectedError

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
# RFC 2822 section 4.3 gives these meanings; any other letters are ambiguous and refused.
_ZONES = {"utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6}
_ZONES |= {"pst": -8, "pdt": -7}
_DATE = (
    r"(?:(?P<y1>\d{4})[-/.](?P<m1>\d{1,2})[-/.](?P<d1>\d{1,2})"
    r"|(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})[-/.](?P<y2>\d{4}|\d\d)"
    r"|(?:[a-z]{3,9},?\s+)?(?P<d3>\d{1,2})[\s-](?P<n3>[a-z]{3,9})\.?,?[\s-](?P<y3>\d{4}|\d\d)"
    r"|(?:[a-z]{3,9},?\s+)?(?P<n4>[a-z]{3,9})\.?\s+(?P<d4>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y4>\d{4}))"
)
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?\s*(?P<half>[ap]\.?m\.?)?"
_ZONE = r"(?:(?:GMT|UTC)(?=[+-]))?(?P<offset>[+-]\d\d:?\d\d|[a-z]{1,4})"
_WRITTEN = re.compile(rf"{_DATE}(?:(?:[\sT,]|\sat\s)+{_CLOCK})?\s*{_ZONE}?(?:\s*\([^)]*\))?", re.IGNORECASE)
_EPOCH = re.compile(r"-?\d{9,19}(?:\.\d+)?")
_LAST = int((dt.datetime(9999, 12, 31, tzinfo=dt.UTC) - EPOCH).total_seconds()) * 1_000

_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,8})(?:\.\d{1,12})?")
_AFFIX = re.compile(
    r"^(?:[A-Za-z]{3}\b|[A-Z]{0,3}\$|\w?[€£¥₹₽₩₺₴₫₪฿₦]|kr\.?|zł)\s*|\s*(?:[A-Z]{3}|[€£¥₹₽₩₺₴₫₪฿₦$]|kr\.?|zł)$"
)
_GROUPED_COMMA = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?|[1-9]\d{0,2}(?:,\d{2})*,\d{3}(?:\.\d*)?")
_GROUPED_DOT = re.compile(r"[1-9]\d{0,2}(?:\.\d{3}){2,}(?:,\d*)?|[1-9]\d{0,2}(?:\.\d{3})+,\d*")
_DECIMAL_COMMA = re.compile(r"\d*,\d+")

_TRUE = frozenset({"true", "t", "yes", "y", "1", "on"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "off"})
_AMBIGUOUS = re.compile(r"\s*(\d{1,2})[/-](\d{1,2})[/-](?:\d{4}|\d\d)(?!\d)")


def instant(value: object, context: Context, column: str | None = None) -> Instant:
    """The instant that a value names; RowRejectedError `bad_time` when it names none, and `date_order` where
    `context.one_order` is set and the date is in the other order.

    Understood: ISO 8601; `2026-03-01 10:00:00 UTC` and `… -0500`; RFC 2822; `03/04/2026 5:06 PM` in the
    order of `context.day_first`; `1 Mar 2026`; `March 1, 2026`; seconds, milliseconds, microseconds or
    nanoseconds since 1970, told apart by their size; dates and date-times of Parquet. `context.zone` is
    meant where there is no zone. `column` is named in the error.

    >>> here = Context(received_at=Instant(0))
    >>> instant("2026-03-01 10:00:00 -0500", here) == instant("2026-03-01T15:00:00Z", here)
    True
    >>> instant(1_772_359_200, here) == instant("1772359200000", here)
    True
    """
    if isinstance(value, str):
        found = _read_iso(value, context.zone)
        if found is None:
            if context.one_order:
                _check_order(value, context.day_first)
            found = _read_text(value, context.zone, context.day_first)
    elif isinstance(value, dt.datetime):
        found = _zoned(value, context.zone)
    elif isinstance(value, dt.date):
        found = _zoned(dt.datetime.combine(value, dt.time()), context.zone)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = _epoch(value)
    else:
        found = None
    if found is None:
        place = f" in column {column!r}" if column else ""
        raise RowRejectedError("bad_time", f"The time{place} is blank or in a form that isn't understood.")
    return found


def _check_order(text: str, day_first: bool) -> None:
    if order_of(text) not in (None, day_first):
        first, rest = ("month", "day") if day_first else ("day", "month")
        raise RowRejectedError("date_order", f"The date puts the {first} first, and the file's other dates the {rest}.")


def _read_iso(text: str, zone: dt.tzinfo) -> Instant | None:
    """The form nearly all files have; None for "2026-03-01 10:00:00 UTC" and its like, which are read below."""
    if text[4:5] != "-" or text[10:11] not in ("T", " ", ""):
        return None
    try:
        return _zoned(dt.datetime.fromisoformat(text), zone)
    except ValueError:
        return None


@lru_cache(maxsize=32_768)
def _read_text(text: str, zone: dt.tzinfo, day_first: bool) -> Instant | None:
    text = text.strip()
    if text.isdecimal() and len(text) == 8:
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    elif _EPOCH.fullmatch(text):
        return _epoch(float(text) if "." in text else int(text))
    match = _WRITTEN.fullmatch(text) if len(text) <= 100 else None
    return _read_written(match, zone, day_first) if match else None


def _read_written(match: re.Match[str], zone: dt.tzinfo, day_first: bool) -> Instant | None:
    date = _date_parts(match, day_first)
    clock = _clock_parts(match)
    stated = match["offset"]
    offset = _offset(stated) if stated else zone
    if date is None or clock is None or offset is None:
        return None
    try:
        return _zoned(dt.datetime(*date, *clock, tzinfo=offset), zone)
    except ValueError:
        return None


def _date_parts(match: re.Match[str], day_first: bool) -> tuple[int, int, int] | None:
    if match["y1"]:
        return int(match["y1"]), int(match["m1"]), int(match["d1"])
    if match["y2"]:
        first, second = int(match["a"]), int(match["b"])
        # A dot is written between day and month only; a number over 12 is no month in either order.
        if (day_first or match["sep"] == "." or first > 12) and second <= 12:
            first, second = second, first
        return _year(match["y2"]), first, second
    which = "3" if match["y3"] else "4"
    month = _MONTHS.get(match[f"n{which}"][:3].casefold())
    return (_year(match[f"y{which}"]), month, int(match[f"d{which}"])) if month else None


def _year(digits: str) -> int:
    # POSIX strptime %y: 69-99 are the last century.
    return int(digits) if len(digits) == 4 else int(digits) + (1900 if int(digits) >= 69 else 2000)


def _clock_parts(match: re.Match[str]) -> tuple[int, int, int, int] | None:
    if not match["hour"]:
        return 0, 0, 0, 0
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"][0] in "pP" else 0)
    if match["second"] == "60":  # a leap second, which clocks that count 86,400 s a day don't have
        return hour, int(match["minute"]), 59, 999_000
    return hour, int(match["minute"]), int(match["second"] or 0), int((match["part"] or "0").ljust(6, "0")[:6])


def _offset(text: str) -> dt.tzinfo | None:
    if text[0] in "+-":
        minutes = int(text[1:3]) * 60 + int(text[-2:])
        return dt.timezone(dt.timedelta(minutes=minutes if text[0] == "+" else -minutes)) if minutes < 1_440 else None
    hours = _ZONES.get(text.casefold())
    return None if hours is None else dt.timezone(dt.timedelta(hours=hours))


def _zoned(moment: dt.datetime, zone: dt.tzinfo) -> Instant | None:
    try:
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except OverflowError:  # year 1 east of Greenwich, and such
        return None


def _epoch(number: float) -> Instant | None:
    size = abs(number)
    if not math.isfinite(size):
        return None
    if size < 1e11:
        found = round(number * 1_000)
    else:
        found = int(number // (1 if size < 1e14 else 1_000 if size < 1e17 else 1_000_000))
    return Instant(found) if abs(found) <= _LAST else None


def day_order(texts: Iterable[str]) -> bool | None:
    """Whether dates such as 25/04/2026 put the day first; None where every one of them could be read either way.

    >>> day_order(["03/04/2026", "25/04/2026"]), day_order(["04/25/2026"]), day_order(["03/04/2026"])
    (True, False, None)
    """
    orders = Counter(map(order_of, texts))
    return None if orders[True] == orders[False] else orders[True] > orders[False]


def order_of(text: str) -> bool | None:
    """Whether a date with slashes puts the day first; None where it could be read either way, or is none.

    >>> order_of("25/04/2026"), order_of("04/25/2026"), order_of("03/04/2026")
    (True, False, None)
    """
    match = _AMBIGUOUS.match(text)
    if match is None or (int(match[1]) > 12) == (int(match[2]) > 12):
        return None
    return int(match[1]) > 12


def is_ambiguous_date(text: str) -> bool:
    """Whether a text is a date with slashes whose order of day and month is open.

    >>> is_ambiguous_date("03/04/2026"), is_ambiguous_date("2026-04-03")
    (True, False)
    """
    return _AMBIGUOUS.match(text) is not None


def number(value: object) -> int | float | None:
    """The number that a value names; None when it names none.

    Currency signs and codes, thousands separators, a decimal comma and accounting parentheses are
    understood. One comma before exactly three digits separates thousands; one dot is always decimal.

    >>> number("$1,234.50"), number("1.234,50 €"), number("(12)"), number("n/a")
    (1234.5, 1234.5, -12, None)
    >>> number("1,234"), number("12,5"), number(True)
    (1234, 12.5, None)
    """
    if isinstance(value, str):
        return _read_number(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        return _finite(
            int(value) if value.is_finite() and value.adjusted() < 19 and value == int(value) else float(value)
        )
    return _finite(value) if isinstance(value, int | float) else None


@lru_cache(maxsize=32_768)
def _read_number(raw: str) -> int | float | None:
    text = raw.strip()
    if not text or len(text) > 64:
        return None
    negative = text[0] in "-−" or (text[0] == "(" and text[-1] == ")")
    text = text.strip("()") if text[0] == "(" else text.lstrip("+-−")
    text = _AFFIX.sub("", text.strip()).strip()
    if text[:1] in ("-", "−") and not negative:  # "$-5.00"
        negative, text = True, text[1:]
    text = _ungroup(re.sub(r"(?<=\d)[\s'’\u00a0\u202f](?=\d{3})", "", text))
    if not _NUMBER.fullmatch(text):
        return None
    found = _finite(int(text) if text.isdecimal() else float(text))
    return None if found is None else (-found if negative else found)


def _ungroup(text: str) -> str:
    if "," not in text and text.count(".") < 2:
        return text
    if _GROUPED_COMMA.fullmatch(text):
        return text.replace(",", "")
    if _GROUPED_DOT.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    return text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text


def _finite(found: int | float) -> int | float | None:
    if isinstance(found, int):
        return found if found in INT64 else float(found)
    return found if math.isfinite(found) else None


def boolean(value: object) -> bool | None:
    """The truth value that a value names; None when it names none.

    >>> boolean("Yes"), boolean("0"), boolean("maybe")
    (True, False, None)
    """
    text = str(value).strip().casefold()
    return True if text in _TRUE else False if text in _FALSE else None


def plain(value: object) -> Json:
    """The best JSON value for a column that no mapping knows; None for a blank.

    Text becomes a number only when it reads like a quantity: codes with leading zeros, telephone
    numbers and whole numbers of ten digits or more (ids) stay text. Only `true` and `false` become truth
    values. Times of Parquet become ISO 8601 text.

    >>> plain("12.50"), plain("007"), plain("14155552671"), plain("TRUE"), plain(" "), plain("yes")
    (12.5, '007', '14155552671', True, None, 'yes')
    """
    if isinstance(value, str):
        return _plain_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return number(value)
    if isinstance(value, dict):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value]
    return _foreign(value)


def plain_json(value: object) -> Json:
    """As `plain`, but text that was text in a typed format (JSON, Parquet) stays as it is.

    >>> plain_json("12.50"), plain_json(float("nan")), plain_json(dt.date(2026, 3, 1))
    ('12.50', None, '2026-03-01')
    """
    return value if isinstance(value, str) else plain(value)


def _plain_text(text: str) -> Json:
    if _PLAIN_NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    lowered = text.casefold() if len(text) <= 5 else ""
    if lowered in ("true", "false"):
        return lowered == "true"
    return text if text and not text.isspace() else None


def _foreign(value: object) -> Json:
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value)
