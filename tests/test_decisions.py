"""Decisions: what is saved is read, the later counts, a spoiled file is a sentence, and what came of each is reckoned by hand here."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from opsreview import decisions
from opsreview.weeks import Week

WEEK = Week.parse("2026-W46")
NOON = datetime(2026, 11, 16, 12, 0, 0, tzinfo=UTC)
ITEM = {"finding_id": "oos_risk:A@BER", "decision": "expedite", "owner": "Ana", "due_on": "2026-11-20", "note": "by air"}


def good(**changes):
    return {"week": "2026-W46", "review": "monday", "recorded_at": "2026-11-16T12:00:00Z", "recorded_by": "Ana", "items": [ITEM], **changes}


def test_a_save_is_read_back_as_it_was(tmp_path):
    path = decisions.save(tmp_path, WEEK, "monday", [{**ITEM, "expected_impact": 120.5, "eta_commitment": date(2026, 11, 24)}], "Ana", NOON)
    assert re.fullmatch(r"2026-W46-monday-20261116T120000Z-[0-9a-f]{6}\.json", path.name)
    assert json.loads(path.read_text()) == {
        "week": "2026-W46",
        "review": "monday",
        "recorded_at": "2026-11-16T12:00:00Z",
        "recorded_by": "Ana",
        "items": [{**ITEM, "expected_impact": 120.5, "eta_commitment": "2026-11-24", "done": False}],
    }
    row = decisions.read(tmp_path).iloc[0]
    assert (row.due_on, row.expected_impact, row.done, row.recorded_at) == (
        date(2026, 11, 20),
        120.5,
        False,
        pd.Timestamp("2026-11-16 12:00"),
    )


def test_nothing_is_overwritten(tmp_path, monkeypatch):
    names = iter(["aaaaaa", "aaaaaa", "bbbbbb"])
    monkeypatch.setattr(decisions.secrets, "token_hex", lambda _: next(names))
    first = decisions.save(tmp_path, WEEK, "monday", [ITEM], "Ana", NOON)
    second = decisions.save(tmp_path, WEEK, "monday", [{**ITEM, "note": "second"}], "Ana", NOON)
    assert first != second and json.loads(first.read_text())["items"][0]["note"] == "by air"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "the file"),
        (b"\xff\xfe", "not JSON"),
        (good(week="2026-46"), "week is '2026-46': '2026-46' is not an ISO week"),
        (good(review="sunday"), "review is 'sunday'"),
        (good(recorded_by=" "), "recorded_by"),
        (good(items=[ITEM, {**ITEM, "decision": "panic"}]), "items[2].decision is 'panic'"),
        (good(items=[{"decision": "accept"}]), "items[1].finding_id is missing"),
        (good(items=[{**ITEM, "expected_impact": "lots"}]), "expected_impact is 'lots'"),
        (good(items=[{**ITEM, "ownr": "x"}]), "items[1].ownr is not a known field"),
        (good(recorded_at="yesterday"), "recorded_at is 'yesterday'"),
    ],
)
def test_a_spoiled_file_is_left_out_with_a_sentence(tmp_path, content, says):
    decisions.save(tmp_path, WEEK, "monday", [ITEM], "Ana", NOON)
    bad = tmp_path / "bad.json"
    bad.write_bytes(content if isinstance(content, bytes) else (content if isinstance(content, str) else json.dumps(content)).encode())
    frame = decisions.read(tmp_path)
    assert len(frame) == 1
    (notice,) = frame.attrs["notices"]
    assert notice.startswith("decisions/bad.json was left out: ") and says in notice and "\n" not in notice


def test_what_cannot_be_kept_is_refused_before_a_file_is_there(tmp_path):
    with pytest.raises(decisions.DecisionError, match="decision is 'panic'"):
        decisions.save(tmp_path, WEEK, "monday", [{**ITEM, "decision": "panic"}], "Ana", NOON)
    assert list(tmp_path.iterdir()) == []


def test_no_folder_is_no_decision(tmp_path):
    frame = decisions.read(tmp_path / "absent")
    assert list(frame.columns) == decisions.COLUMNS and frame.empty and frame.attrs["notices"] == []


@pytest.mark.parametrize(
    ("moments", "stands"),
    [
        (["2026-11-16T12:00:00", "2026-11-17T12:00:00"], "accept"),  # the later counts
        (["2026-11-17T12:00:00", "2026-11-16T12:00:00"], "expedite"),  # whichever file came first
        (["2026-11-16T12:00:00", "2026-11-22T22:59:59"], "accept"),  # the last second of the next week in Berlin
        (["2026-11-16T12:00:00", "2026-11-22T23:00:00"], "expedite"),  # Monday 00:00 in Berlin: a run of this week did not know
    ],
)
def test_the_later_decision_known_then_stands(tmp_path, moments, stands):
    for moment, decision in zip(moments, ["expedite", "accept"], strict=True):
        decisions.save(tmp_path, WEEK, "monday", [{**ITEM, "decision": decision}], "Ana", datetime.fromisoformat(moment))
    known = decisions.as_known(decisions.read(tmp_path), WEEK, "Europe/Berlin")
    assert list(known.decision) == [stands]


def finding(week, finding_id, impact):
    return {
        "week": week,
        "finding_id": finding_id,
        "check": "oos_risk",
        "entity": finding_id,
        "title": f"{finding_id} runs out",
        "impact": impact,
        "state": "open",
    }


@pytest.mark.parametrize(
    ("then", "now", "outcome", "impact_now"),
    [(100.0, None, "gone", 0.0), (100.0, 50.0, "smaller", 50.0), (100.0, 95.0, "unchanged", 95.0), (100.0, 150.0, "larger", 150.0)],
)
def test_what_came_of_a_decision(tmp_path, then, now, outcome, impact_now):
    decisions.save(tmp_path, WEEK, "monday", [{**ITEM, "finding_id": "a"}], "Ana", NOON)
    before = pd.DataFrame([finding("2026-W46", "a", then)])
    gone = finding("2026-W47", "a", None) | {"state": "resolved"}  # findings.csv lists for a week what is resolved
    after = pd.DataFrame([finding("2026-W47", "b", 1.0), finding("2026-W47", "a", now) if now else gone])
    known = decisions.as_known(decisions.read(tmp_path), WEEK + 1)
    row = decisions.decisions_frame(known, after, {"2026-W46": before}, WEEK + 1).iloc[0]
    assert (row.outcome, row.impact_then, row.impact_now, row.title, row.overdue) == (outcome, then, impact_now, "a runs out", True)


def test_what_was_recorded_too_late_for_a_week_is_said(tmp_path):
    """A run of W46 knows what was recorded before W47 ended: until 23 November, 00:00."""
    decisions.save(tmp_path, WEEK, "monday", [ITEM], "Ana", NOON)
    decisions.save(tmp_path, WEEK, "friday", [ITEM | {"finding_id": "b"}], "Ana", datetime(2026, 11, 23, 0, 0, tzinfo=UTC))
    every = decisions.read(tmp_path)
    (said,) = decisions.too_late(every, WEEK)
    assert said.startswith("1 decided after 2026-W47 ended count") and "2026-W46-friday-20261123T000000Z" in said
    assert len(decisions.as_known(every, WEEK)) == 1 and decisions.too_late(every, WEEK + 1) == []


def test_money_that_comes_once_is_told_from_money_a_week(tmp_path):
    """Also of what is gone: as it was last found."""
    decisions.save(tmp_path, WEEK, "monday", [{**ITEM, "finding_id": i} for i in "ab"], "Ana", NOON)
    before = pd.DataFrame([finding("2026-W46", "a", 100.0) | {"period": "once"}, finding("2026-W46", "b", 1.0) | {"period": "week"}])
    after = pd.DataFrame([finding("2026-W47", "b", 1.0) | {"period": "week"}])
    frame = decisions.decisions_frame(decisions.as_known(decisions.read(tmp_path), WEEK + 1), after, {"2026-W46": before}, WEEK + 1)
    assert frame.set_index("finding_id")["per"].to_dict() == {"a": "once", "b": ""}


@pytest.mark.parametrize(("now", "outcome"), [(None, "gone"), (50.0, "smaller"), (101.0, "unchanged")])
def test_what_came_of_a_proposal_is_held_against_what_was_expected_of_it(tmp_path, now, outcome):
    item = {**ITEM, "finding_id": "proposal/pause/P-1", "expected_impact": 100.0}
    decisions.save(tmp_path, WEEK, "friday", [item], "Ana", NOON)
    after = pd.DataFrame([finding("2026-W47", "b", 1.0), *([finding("2026-W47", "proposal/pause/P-1", now)] if now else [])])
    known = decisions.as_known(decisions.read(tmp_path), WEEK + 1)
    row = decisions.decisions_frame(known, after, {}, WEEK + 1).iloc[0]
    assert (row.outcome, row.impact_then, row.impact_now) == (outcome, 100.0, now or 0.0)
    assert row.title == (f"{item['finding_id']} runs out" if now else "pause/P-1")


@pytest.mark.parametrize(
    ("due", "done", "overdue"),
    [("2026-11-22", False, True), ("2026-11-23", False, False), ("2026-11-22", True, False), (None, False, False)],
)
def test_overdue_is_reckoned_from_as_of(tmp_path, due, done, overdue):
    """A run of W47 speaks at Monday 23 November 00:00: what was due on Sunday is late, what is due that Monday is not."""
    decisions.save(tmp_path, WEEK, "monday", [{**ITEM, "due_on": due, "done": done}], "Ana", NOON)
    findings = pd.DataFrame([finding("2026-W46", ITEM["finding_id"], 10.0)])
    frame = decisions.decisions_frame(
        decisions.as_known(decisions.read(tmp_path), WEEK + 1), findings.iloc[:0], {"2026-W46": findings}, WEEK + 1
    )
    assert list(frame.overdue) == [overdue]


def test_a_decision_on_a_finding_nobody_knows_is_still_listed(tmp_path):
    decisions.save(tmp_path, WEEK, "friday", [ITEM], "Ana", NOON)
    none = pd.DataFrame(columns=list(finding("", "", 0)))
    frame = decisions.decisions_frame(decisions.as_known(decisions.read(tmp_path), WEEK + 1), none, {}, WEEK + 1)
    expected = (
        "week review finding_id check entity title decision owner due_on eta_commitment expected_impact note done recorded_at recorded_by"
    )
    assert list(frame.columns) == [*expected.split(), "overdue", "impact_then", "impact_now", "outcome", "per"]
    assert (frame.title[0], frame.outcome[0]) == ("", "gone")


def test_no_decisions_no_rows(tmp_path):
    findings = pd.DataFrame([finding("2026-W46", "a", 10.0)])
    assert decisions.decisions_frame(decisions.as_known(decisions.read(tmp_path), WEEK), findings, {}, WEEK).empty


def test_decisions_that_lie_with_the_exports_are_read_too(tmp_path):
    mine, theirs = tmp_path / "mine", tmp_path / "exports" / "decisions"
    decisions.save(mine, "2026-W45", "friday", [{"finding_id": "a", "decision": "reprice"}], "Kim", datetime(2026, 11, 13, 9, tzinfo=UTC))
    path = decisions.save(
        theirs, "2026-W45", "friday", [{"finding_id": "b", "decision": "staff"}], "Ada", datetime(2026, 11, 13, 8, tzinfo=UTC)
    )
    assert decisions.read(mine, theirs)["finding_id"].tolist() == ["b", "a"], "the oldest first, wherever it lies"
    shutil.copy(path, mine / path.name)
    assert len(decisions.read(mine, theirs)) == len(decisions.read(mine, mine)) == 2, "a copy is no second decision"
