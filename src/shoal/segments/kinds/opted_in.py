"""Opted in, ever opted in, suppressed: how consent came about, and who may not be mailed whatever they allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp, parse_one

from shoal.core.time import Instant, format_instant
from shoal.ingest.events import EMAIL_BOUNCED, EMAIL_MARKED_AS_SPAM
from shoal.segments import fields, scans
from shoal.segments.comparison import Comparison, PropertyFilter
from shoal.segments.counterfactual.facts import Facts
from shoal.segments.counterfactual.on_statements import of_consent
from shoal.segments.counterfactual.ways import Do, Never, Way
from shoal.segments.history import ConsentStatement, Event
from shoal.segments.kinds.consent import MARKETING
from shoal.segments.kinds.groups import Not
from shoal.segments.lowered import AllOf, AnyOf, ConsentHolds, Core, Count, CountWithin
from shoal.segments.nodes import Detail, Kind, Node, Person, Read, Reference
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.words import quoted
from shoal.segments.streams import Stream
from shoal.segments.values import Json, check_text
from shoal.segments.windows import EVER
from shoal.segments.wording import name_words

_HARD = ("hard", "permanent", "hard bounce", "permanent bounce", "permanent failure", "unknown user")


def _spellings(words: str) -> Iterator[str]:
    """How a kind of bounce is written: "hard bounce", "Hard Bounce", "HARD_BOUNCE", "hardBounce" …"""
    first, *rest = words.split()
    titled = [word.title() for word in rest]
    for joint in (" ", "_", "-", ""):
        yield from (joint.join(parts) for parts in ([first, *rest], [first.title(), *titled]))
        yield joint.join(words.upper().split())
    yield from (" ".join((first.title(), *rest)), "".join((first, *titled)))


HARD = tuple(dict.fromkeys(spelled for words in _HARD for spelled in _spellings(words)))
"""What vendors call the bounce of an address that takes no mail, as each may be written: the comparison is exact, so
that it is the same in every reading and for what was imported long ago."""

SUPPRESSING = ("suppressed", "cleaned", "spam_complaint")
"""Methods of a refusal that no person chose: the e-mail platform stopped mailing the address."""

_BOUNCED = Stream(EMAIL_BOUNCED, (PropertyFilter(("bounce_type",), Comparison("one_of", HARD)),))
_COMPLAINED = Stream(EMAIL_MARKED_AS_SPAM)


def suppressing(channel: str) -> tuple[Stream, ...]:
    """The events after which nothing may be sent by a channel; none but for e-mail."""
    return (_BOUNCED, _COMPLAINED) if channel == "email" else ()


@dataclass(frozen=True, slots=True)
class GrantedBy:
    """Of the grants since the last refusal, the latest that names a method names this one."""

    channel: str
    purpose: str
    method: str

    def scan(self, binding: Binding) -> exp.Select:
        """Each grant against the last refusal of the same subscriber; at the same instant the refusal is later."""
        channel, purpose, method = (
            binding.value(one).sql(dialect="duckdb") for one in (self.channel, self.purpose, self.method)
        )
        now = binding.instant(binding.now).sql(dialect="duckdb")
        stated = f'FROM consents WHERE channel = {channel} AND purpose = {purpose} AND "at" <= {now}'
        found = parse_one(
            f"""SELECT granted.subscriber
                FROM (SELECT subscriber, "at", event_id, method {stated} AND state = 'granted' AND method IS NOT NULL)
                  AS granted
                LEFT JOIN (SELECT subscriber, max("at") AS "at" {stated} AND state = 'denied' GROUP BY subscriber)
                  AS denied ON denied.subscriber = granted.subscriber
                WHERE denied."at" IS NULL OR granted."at" > denied."at"
                GROUP BY granted.subscriber
                HAVING arg_max(granted.method, (granted."at", granted.event_id)) = {method}""",
            dialect="duckdb",
        )
        assert isinstance(found, exp.Select)
        return found


@dataclass(frozen=True, slots=True)
class Stated:
    """A consent was ever stated to have this state, by one of the methods where any are named."""

    channel: str
    purpose: str
    state: str
    methods: tuple[str, ...] = ()

    def scan(self, binding: Binding) -> exp.Select:
        """Everyone with such a statement."""
        about = (("channel", self.channel), ("purpose", self.purpose), ("state", self.state))
        conditions: list[exp.Expr] = [
            exp.EQ(this=scans.column(name), expression=binding.value(value)) for name, value in about
        ]
        conditions.append(exp.LTE(this=scans.column("at"), expression=binding.instant(binding.now)))
        if self.methods:
            methods = [binding.value(method) for method in self.methods]
            conditions.append(exp.In(this=scans.column("method"), expressions=methods))
        found = exp.select(scans.column("subscriber")).from_(exp.table_("consents"))
        return found.where(*conditions).distinct()


@dataclass(frozen=True, slots=True)
class AboutConsent:
    """A condition on the statements about one consent."""

    channel: str
    purpose: str

    def __post_init__(self) -> None:
        check_text(self.channel, "The channel")
        check_text(self.purpose, "The purpose")

    def about(self) -> str:
        """`email marketing`."""
        return f"{name_words(self.channel)} {name_words(self.purpose)}"

    def _statements(self, person: Person, state: str) -> list[ConsentStatement]:
        found = [
            one
            for one in person.history.consents
            if (one.channel, one.purpose, one.state) == (self.channel, self.purpose, state)
        ]
        return sorted(found, key=lambda one: (one.at, one.event_id))

    def moments(self, person: Person) -> Iterator[Instant]:
        """When the consent was stated."""
        for stated in person.history.consents:
            if (stated.channel, stated.purpose) == (self.channel, self.purpose):
                yield stated.at

    def children(self) -> tuple[tuple[str, Node], ...]:
        """None."""
        return ()

    def references(self) -> Iterator[Reference]:
        """None: channels and purposes need not have been seen."""
        return iter(())


@dataclass(frozen=True, slots=True)
class OptedIn(AboutConsent):
    """Consent is granted, and of the grants since the last refusal the latest that says how says this.

    >>> OptedIn("email", MARKETING, "double_opt_in").english()
    'opted in to email marketing by "double_opt_in"'
    """

    method: str

    def __post_init__(self) -> None:
        AboutConsent.__post_init__(self)
        check_text(self.method, "The method")

    def english(self) -> str:
        """`opted in to email marketing by "double_opt_in"`."""
        return f"opted in to {self.about()} by {quoted(self.method)}"

    def to_data(self) -> dict[str, Json]:
        """`{"opted_in": "email", "purpose": "marketing", "by": "double_opt_in"}`."""
        return {"opted_in": self.channel, "purpose": self.purpose, "by": self.method}

    def lower(self) -> Core:
        """Granted, and by this method."""
        granted = ConsentHolds(self.channel, self.purpose, ("granted",))
        return AllOf((granted, GrantedBy(self.channel, self.purpose, self.method)))

    def _how(self, person: Person) -> str | None:
        refused = self._statements(person, "denied")
        since = refused[-1].at if refused else None
        named = [one.method for one in self._statements(person, "granted") if since is None or one.at > since]
        return next((method for method in reversed(named) if method is not None), None)

    def holds(self, person: Person) -> bool:
        """Look at the deciding statement, then for the method."""
        stated = person.history.consent(self.channel, self.purpose)
        return stated is not None and stated.state == "granted" and self._how(person) == self.method

    def detail(self, person: Person) -> Detail:
        """The state and the method."""
        stated = person.history.consent(self.channel, self.purpose)
        value = stated.state if stated else "not set"
        return Detail(f"{value}, by {self._how(person) or 'unknown means'}", f"granted, by {self.method}")

    def ways(self, person: Person) -> Iterator[Way]:
        """A grant by this method, or a refusal."""
        if self.holds(person):
            yield from of_consent(person, self.channel, self.purpose, "denied")
        else:
            yield from of_consent(person, self.channel, self.purpose, "granted", self.method)


@dataclass(frozen=True, slots=True)
class EverOptedIn(AboutConsent):
    """Consent was granted at some time, whatever came later.

    >>> EverOptedIn("email", MARKETING).english()
    'ever opted in to email marketing'
    """

    def english(self) -> str:
        """`ever opted in to email marketing`."""
        return f"ever opted in to {self.about()}"

    def to_data(self) -> dict[str, Json]:
        """`{"ever_opted_in": "email", "purpose": "marketing"}`."""
        return {"ever_opted_in": self.channel, "purpose": self.purpose}

    def lower(self) -> Stated:
        """Any grant."""
        return Stated(self.channel, self.purpose, "granted")

    def holds(self, person: Person) -> bool:
        """Look for a grant."""
        return bool(self._statements(person, "granted"))

    def detail(self, person: Person) -> Detail:
        """The first grant."""
        granted = self._statements(person, "granted")
        return Detail(f"granted {format_instant(granted[0].at)}" if granted else "never granted", "granted once")

    def ways(self, person: Person) -> Iterator[Way]:
        """A grant; what was granted once stays so."""
        if self.holds(person):
            yield Never("nothing: what was granted once was granted")
        else:
            yield from of_consent(person, self.channel, self.purpose, "granted")


@dataclass(frozen=True, slots=True)
class Suppressed(AboutConsent):
    """An address that takes no mail, or whose owner complained: by events (e-mail only) or as the platform says.

    >>> Suppressed("email").english()
    'is suppressed for email'
    """

    purpose: str = MARKETING

    def english(self) -> str:
        """`is suppressed for email`."""
        return f"is suppressed for {name_words(self.channel)}"

    def to_data(self) -> dict[str, Json]:
        """`{"suppressed": "email"}`."""
        return {"suppressed": self.channel}

    def lower(self) -> Core:
        """A hard bounce, a complaint, or a refusal that stands and that the platform made."""
        denied = ConsentHolds(self.channel, self.purpose, ("denied",))
        platform = AllOf((denied, Stated(self.channel, self.purpose, "denied", SUPPRESSING)))
        return AnyOf((*(CountWithin(Count(one, EVER), 1, None) for one in suppressing(self.channel)), platform))

    def holds(self, person: Person) -> bool:
        """Look for the events, then at the refusal."""
        if any(person.events(stream, EVER) for stream in suppressing(self.channel)):
            return True
        stated = person.history.consent(self.channel, self.purpose)
        refused = stated is not None and stated.state == "denied"
        return refused and any(one.method in SUPPRESSING for one in self._statements(person, "denied"))

    def detail(self, person: Person) -> Detail:
        """The events, or the method of the refusal."""
        events = tuple(one for stream in suppressing(self.channel) for one in person.events(stream, EVER))
        methods = [one.method for one in self._statements(person, "denied") if one.method in SUPPRESSING]
        told = [*(one.name for one in events), *(str(method) for method in methods)]
        return Detail(", ".join(told) or "nothing", "a hard bounce, a complaint or a suppression", events)

    def ways(self, person: Person) -> Iterator[Way]:
        """A complaint or what the platform says; a new consent where only the platform said it."""
        if not self.holds(person):
            if self.channel == "email":
                complaint = Event(0, EMAIL_MARKED_AS_SPAM, person.now)
                yield Do("a hard bounce or a complaint", Facts(events=(complaint,)), person.now)
            for one in of_consent(person, self.channel, self.purpose, "denied", SUPPRESSING[0]):
                yield Do("a source that says it stopped mailing them", one.facts, one.at)
        elif any(person.events(stream, EVER) for stream in suppressing(self.channel)):
            yield Never("nothing: an address that bounced, or whose owner complained, stays suppressed")
        else:
            yield from of_consent(person, self.channel, self.purpose, "granted")

    def moments(self, person: Person) -> Iterator[Instant]:
        """When an event happened or the consent was stated."""
        yield from AboutConsent.moments(self, person)
        for stream in suppressing(self.channel):
            yield from person.moments(stream, ())


def purpose_of(data: Mapping[str, Any], where: str) -> str:
    """The purpose that a condition names, else marketing."""
    return fields.name(data, "purpose", where) if "purpose" in data else MARKETING


def _read_opted_in(data: Mapping[str, Any], where: str, _parts: Read) -> OptedIn:
    fields.only(data, ("opted_in", "purpose", "by"), where)
    return OptedIn(fields.name(data, "opted_in", where), purpose_of(data, where), fields.name(data, "by", where))


def _read_ever(data: Mapping[str, Any], where: str, _parts: Read) -> EverOptedIn:
    fields.only(data, ("ever_opted_in", "purpose"), where)
    return EverOptedIn(fields.name(data, "ever_opted_in", where), purpose_of(data, where))


def _read_suppressed(data: Mapping[str, Any], where: str, _parts: Read) -> Suppressed:
    fields.only(data, ("suppressed",), where)
    return Suppressed(fields.name(data, "suppressed", where))


OPTED_IN = Kind(
    name="opted in",
    node=OptedIn,
    keys=("opted_in",),
    read=_read_opted_in,
    rules=("opted_in",),
    grammar="""
opted_in: "opted" "in" "to" word word "by" word
""",
    build={"opted_in": OptedIn},
)
EVER_OPTED_IN = Kind(
    name="ever opted in",
    node=EverOptedIn,
    keys=("ever_opted_in",),
    read=_read_ever,
    rules=("ever_opted_in", "never_opted_in"),
    grammar="""
ever_opted_in: "ever" "opted" "in" "to" word word
never_opted_in: "never" "opted" "in" "to" word word
""",
    build={
        "ever_opted_in": EverOptedIn,
        "never_opted_in": lambda channel, purpose: Not(EverOptedIn(channel, purpose)),
    },
)
SUPPRESSED = Kind(
    name="suppressed",
    node=Suppressed,
    keys=("suppressed",),
    read=_read_suppressed,
    rules=("suppressed",),
    grammar="""
suppressed: "is" "suppressed" "for" word
""",
    build={"suppressed": Suppressed},
)
