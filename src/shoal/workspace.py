"""A workspace in Python: the same things that the command line does.

import shoal

ws = shoal.open("path")
ws.import_files(["events.jsonl.gz"])
ws.count('did "Order Completed" in the last 30 days')
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Tree
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from shoal import flow
from shoal.core.errors import UserError
from shoal.core.failures import replacing
from shoal.core.time import NEWEST, AsOf, Instant, from_datetime, parse_instant
from shoal.flow.home import Opened, create, open_home
from shoal.ingest.mapping import Mapping, load_mapping
from shoal.ingest.recognise import named_path

if TYPE_CHECKING:
    import pyarrow as pa

    from shoal.flow.analysing import Analysis
    from shoal.flow.applying import Decision
    from shoal.flow.asking import Answer, Reading
    from shoal.flow.importing import ImportRun, Watch
    from shoal.flow.people import Profile
    from shoal.flow.previewing import Previews
    from shoal.flow.weighing import SegmentPlan
    from shoal.measurement.audit import Audit
    from shoal.profiles.duplicates import Proposal, Proposed
    from shoal.profiles.subscriber import Key
    from shoal.segments.explain import Explanation
    from shoal.segments.files import Segment
    from shoal.segments.lint.finding import Finding
    from shoal.segments.nodes import Node
    from shoal.segments.versions import Version

Moment = Instant | dt.datetime | str | None
"""An instant as people give it: `shoal.instant(...)`, a datetime (without a zone: UTC), or ISO 8601 text."""

Definition: TypeAlias = "str | Node | Tree[str, Any]"
"""A name, a sentence, a node, or the JSON form."""


class Workspace:
    """An open workspace."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    @classmethod
    def open(cls, folder: str | Path) -> Workspace:
        """Open the workspace in a folder; raises UserError `no_workspace`."""
        return cls(open_home(Path(folder)))

    @classmethod
    def create(cls, folder: str | Path) -> Workspace:
        """Open the workspace in a folder, made if there is none."""
        create(Path(folder))
        return cls.open(folder)

    @property
    def folder(self) -> Path:
        """Where the workspace is."""
        return self._opened.home.folder

    def import_files(
        self,
        paths: Iterable[str | Path],
        *,
        source: str | None = None,
        mapping: str | Path | Mapping | None = None,
        account: str | None = None,
        watch: Watch | None = None,
    ) -> ImportRun:
        """Import files and folders; what became of each. The same file again changes nothing.

        `source` names what the files are where their header doesn't tell, `mapping` (or its YAML file) maps any other
        table, and `account` keeps the ids of one shop apart from another's. A file that was named and can't be read
        raises UserError, as does a folder without any that can; others in folders and zips are left out and listed in
        the run's `not_imported`.
        """
        how = _mapping(mapping) or source
        return flow.importing.import_paths(self._opened, _paths(paths), source=how, account=account, watch=watch)

    def preview(
        self,
        paths: Iterable[str | Path],
        *,
        source: str | None = None,
        mapping: str | Path | Mapping | None = None,
        account: str | None = None,
    ) -> Previews:
        """What each file is and what its first ten rows would become; nothing is imported.

        For a file that no source knows a mapping is proposed. Raises UserError as an import does.
        """
        how = _mapping(mapping) or source
        return flow.previewing.preview_paths(self._opened, _paths(paths), source=how, account=account)

    def warnings(self) -> tuple[str, ...]:
        """What answers may lack, because an import is running or was ended in the middle; mostly empty."""
        return flow.unfinished.unfinished(self._opened)

    def segments(self) -> dict[str, Segment]:
        """The segments that count, by name: what was applied (before that, the workspace's files), and the starters."""
        return dict(flow.defining.known(self._opened).segments)

    def versions(self) -> dict[str, int]:
        """The current version of each segment that was applied."""
        return {name: each.number for name, each in flow.defining.known(self._opened).current.items()}

    def add_starter(self, name: str, values: Tree[str, str] | None = None, *, rename: str = "") -> tuple[Segment, Path]:
        """Write a starter into the folder of segments, a template with `values` for its blanks; its file."""
        return flow.starting.add_starter(self._opened, name, values or {}, rename)

    def plan(self, folder: str | Path | None = None, *, as_of: Moment = None) -> SegmentPlan:
        """What applying a folder of segment files would change, and whom it would move; writes nothing.

        The folder is by default the workspace's. Raises UserError for files that can't be read.
        """
        return flow.weighing.plan(self._opened, _folder(folder), _instant(as_of))

    def decide(self, folder: str | Path | None = None) -> Decision:
        """The steps of a plan, without counting anybody."""
        return flow.applying.decide(self._opened, _folder(folder))

    def apply(self, plan: SegmentPlan | Decision, *, actor: str) -> tuple[Version, ...]:
        """Perform exactly the steps of a plan; the versions made. UserError `world_moved` where it is out of date."""
        decision = plan if isinstance(plan, flow.applying.Decision) else plan.decision
        return flow.applying.apply(self._opened, decision, actor=actor)

    def history(self, name: str) -> tuple[Version, ...]:
        """All versions of a segment, the oldest first; UserError `unknown_segment`."""
        return flow.applying.history(self._opened, name)

    def rollback(self, name: str, version: int, *, actor: str) -> tuple[Version, ...]:
        """Make a new version that equals an earlier one; the versions made. UserError `unknown_version`."""
        return flow.applying.rollback(self._opened, name, version, actor=actor)

    def lint(self, what: str | Path | None = None, *, as_of: Moment = None) -> tuple[Finding, ...]:
        """What is likely wrong with a folder of segments (by default the workspace's), a segment or a sentence.

        `as_of` as for `count`.
        """
        return flow.linting.lint_what(self._opened, what, _as_of(as_of))

    def count(self, definition: Definition, *, as_of: Moment = None, version_at: Moment = None) -> int:
        """The exact number of members of a name, a sentence or a node, as of an instant, by default now.

        A name may have a version (`at-risk@3`); `version_at` takes the definitions that counted then. `"newest"` asks
        as of the newest that the data knows of, as the report does: facts without a date count there already.
        """
        return self.answer(definition, as_of=as_of, version_at=version_at).counts.members

    def answer(self, definition: Definition, *, as_of: Moment = None, version_at: Moment = None) -> Answer:
        """The exact number of members, in all and per condition; `as_of` as for `count`."""
        return flow.asking.count(self._opened, _node(definition), _as_of(as_of), _instant(version_at))

    def members(
        self,
        definition: Definition,
        *,
        as_of: Moment = None,
        version_at: Moment = None,
        reading: Reading = "sql",
        mailable: bool = False,
        watch: Callable[[int, int], None] | None = None,
    ) -> pa.Table:
        """The members, ordered by subscriber: columns subscriber, user_id, email, email_consent.

        All but the first may be null. `email` is an address that may be mailed, where the person has one;
        `email_consent` is `granted` then, else `pending`, `unknown`, `denied` or `suppressed`: as is known now,
        whatever `as_of` says. `mailable` leaves out all others. `as_of` may be `"newest"`, as for `count`.
        """
        asked, version = _node(definition), _instant(version_at)
        return flow.asking.members(
            self._opened, asked, _as_of(as_of), reading, watch, version_at=version, mailable=mailable
        )

    def sql(self, definition: Definition, dialect: str, *, as_of: Moment = None, version_at: Moment = None) -> str:
        """The definition as one SELECT for a warehouse; without `as_of` for the time at which it is run there.

        Raises UserError `unknown_dialect`, `dialect_gap` and `needs_an_instant`.
        """
        return flow.asking.warehouse(self._opened, _node(definition), dialect, _instant(as_of), _instant(version_at))

    def explain(
        self,
        person: str,
        definition: Definition,
        *,
        as_of: Moment = None,
        version_at: Moment = None,
    ) -> Explanation:
        """Why somebody is a member or not, condition by condition; `as_of` as for `count`.

        Raises UserError `unknown_subscriber`.
        """
        return flow.asking.explain_one(self._opened, person, _node(definition), _as_of(as_of), _instant(version_at))

    def subscriber(self, person: str, *, as_of: Moment = None) -> Profile:
        """Identities, traits, consent, recent events and segments of one subscriber; UserError `unknown_subscriber`."""
        return flow.people.profile(self._opened, person, _instant(as_of))

    def propose_duplicates(self) -> Proposed:
        """Search for probable duplicates and keep them for review; nothing is merged."""
        return flow.reviewing.propose(self._opened)

    def review_duplicates(self, limit: int = 50) -> tuple[tuple[Proposal, tuple[Key, ...], tuple[Key, ...]], ...]:
        """The proposals that wait, the most probable first, with the keys of both sides."""
        return flow.reviewing.review(self._opened, limit)

    def accept_duplicate(self, proposal: int, *, actor: str) -> int:
        """Merge the two of a proposal; the number of the decision, which `unmerge` takes back."""
        return flow.reviewing.accept(self._opened, proposal, actor)

    def dismiss_duplicate(self, proposal: int, *, actor: str) -> None:
        """Say that the two of a proposal are different people: they are not proposed again."""
        flow.reviewing.dismiss(self._opened, proposal, actor)

    def merge(self, one: str, other: str, *, actor: str, reason: str) -> int:
        """Decide that two subscribers are one person; the number of the decision."""
        a, b = (flow.asking.find(self._opened, person) for person in (one, other))
        return flow.reviewing.merge(self._opened, a, b, actor, reason)

    def split(self, left: Iterable[str], right: Iterable[str], *, actor: str, reason: str) -> int:
        """Decide that the keys of one side belong to other people than those of the other; the decision's number."""
        return flow.reviewing.split(self._opened, left, right, actor, reason)

    def unmerge(self, decision: int, *, actor: str, reason: str) -> int:
        """Take a decision back, as if it had never been; the number of the new decision."""
        return flow.reviewing.unmerge(self._opened, decision, actor, reason)

    def analyse(self, as_of: Moment = NEWEST) -> Analysis:
        """Audit, overview and segments as of an instant, by default `"newest"`, the newest that the data knows of."""
        return flow.analysing.analyse(self._opened, _as_of(as_of))

    def audit(self, as_of: Moment = None) -> Audit:
        """Completeness, accuracy and freshness of every source as of an instant, by default now."""
        return flow.auditing.run_audit(self._opened, _instant(as_of))

    def write_audit(self, found: Audit, file: Path) -> None:
        """Write an audit as one self-contained page; raises UserError `disk_full` and `cannot_write`."""
        from shoal.measurement.report.page import audit_page  # noqa: PLC0415 - loads the charts

        with replacing(file) as place:
            place.write_text(audit_page(found), encoding="utf-8")


def _paths(given: Iterable[str | Path]) -> list[Path]:
    return [named_path(path) for path in given]


def _mapping(given: str | Path | Mapping | None) -> Mapping | None:
    return given if given is None or isinstance(given, Mapping) else load_mapping(Path(given))


def _folder(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)


def _instant(given: Moment) -> Instant | None:
    match given:
        case None:
            return None
        case str():
            return parse_instant(given)
        case dt.datetime():
            return from_datetime(given if given.tzinfo else given.replace(tzinfo=dt.UTC))
        case int():
            return Instant(given)
    raise UserError("bad_instant", f"{type(given).__name__} is no instant.", fix='Write for example "2026-03-01".')


def _as_of(given: Moment) -> AsOf:
    return NEWEST if given == NEWEST else _instant(given)


def _node(given: Definition) -> str | Node:
    if isinstance(given, str):
        return given
    from shoal.segments.json_form import from_data  # noqa: PLC0415 - loads all kinds of conditions
    from shoal.segments.nodes import Node  # noqa: PLC0415

    return given if isinstance(given, Node) else from_data(given)
