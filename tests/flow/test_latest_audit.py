"""The last audit of a served workspace."""

from __future__ import annotations

import threading

import pytest

from shoal.core.errors import UserError
from shoal.flow import latest_audit
from shoal.flow.latest_audit import LatestAudit


def finished(audits: LatestAudit) -> None:
    for thread in threading.enumerate():
        if thread.name == "audit":
            thread.join(60)
    assert audits.progress().running_s is None


def test_it_is_kept_until_it_is_made_anew(sqlite):
    audits = LatestAudit(sqlite)
    assert audits.progress().audit is None
    assert audits.begin_if_small()
    finished(audits)
    first = audits.progress().audit
    assert first is not None
    assert audits.begin_if_small()
    assert audits.progress().audit is first
    audits.begin()
    finished(audits)
    assert audits.progress().audit is not first
    assert audits.progress().took_s > 0


def test_one_at_a_time(sqlite, monkeypatch):
    goes_on, begun = threading.Event(), []
    monkeypatch.setattr(latest_audit, "run_audit", lambda opened: (begun.append(1), goes_on.wait(30)))
    audits = LatestAudit(sqlite)
    audits.begin()
    audits.begin()
    assert audits.progress().running_s >= 0
    goes_on.set()
    finished(audits)
    assert len(begun) == 1


def test_a_long_history_waits_to_be_asked_for(sqlite, monkeypatch):
    monkeypatch.setattr(latest_audit, "SMALL", -1)
    audits = LatestAudit(sqlite)
    assert not audits.begin_if_small()
    assert audits.progress().running_s is None
    assert audits.records() == 0


def test_why_it_failed_is_told_and_the_one_before_stays(sqlite, monkeypatch):
    audits = LatestAudit(sqlite)
    audits.begin()
    finished(audits)
    before = audits.progress().audit

    def fails(_):
        raise UserError("damaged_lake", "A file is damaged.", fix="`shoal rebuild`")

    monkeypatch.setattr(latest_audit, "run_audit", fails)
    audits.begin()
    finished(audits)
    now = audits.progress()
    assert now.audit is before
    assert now.error is not None
    assert now.error.code == "damaged_lake"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_of_ours_is_told_without_its_inside(sqlite, monkeypatch):
    monkeypatch.setattr(latest_audit, "run_audit", lambda _: {}["secret"])
    audits = LatestAudit(sqlite)
    audits.begin()
    finished(audits)
    error = audits.progress().error
    assert error is not None
    assert (error.code, "secret" in error.message) == ("internal", False)
