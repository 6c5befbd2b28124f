"""The checklist: what is worth a decision, what stands preset, and the same rows as controls that save in place."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from opsreview import decisions
from opsreview.checklist import FIRST, checklist_html, entries, first_word
from opsreview.weeks import Week
from opsreview.widgets_checklist import checklist_widget

NONE = pd.DataFrame()


def finding(**changes):
    row = {
        "finding_id": "a", "week": "2026-W46", "review": "monday", "leak": "1", "check": "oos_risk", "title": "A runs out",
        "severity": "watch",
        "impact": 10.0, "impact_basis": "lost units × margin", "owner": "Ana", "due_at": "2026-11-18T00:00:00Z",
        "suggested_decision": "expedite: 40 units", "state": "new", "first_seen": "2026-W46",
    }  # fmt: skip
    return {**row, **changes}


def rows(*findings, known=NONE):
    return entries(pd.DataFrame(findings), known, "monday", "EUR", 50.0)


@pytest.mark.parametrize(
    ("severity", "impact", "worth"),
    [("watch", 49.99, False), ("watch", 50.0, True), ("breach", 0.0, True), ("critical", None, True), ("info", None, False)],
)
def test_what_is_worth_a_decision(severity, impact, worth):
    assert rows(finding(severity=severity, impact=impact))[0]["worth"] is worth


@pytest.mark.parametrize("other", [{"review": "friday"}, {"state": "resolved"}])
def test_what_is_not_this_reviews_or_no_longer_there_is_left_out(other):
    assert rows(finding(**other)) == []


@pytest.mark.parametrize(
    ("suggested", "chosen"), [("expedite: 40 units", "expedite"), ("dispute_charge, 12 charges", "dispute_charge"), ("", "investigate")]
)
def test_the_suggested_decision_is_preset(suggested, chosen):
    html = checklist_html(pd.DataFrame([finding(suggested_decision=suggested, impact=99.0)]), NONE, "2026-W46", "monday", "EUR")
    assert re.findall(r'<option value="(\w+)" selected', html) == [chosen] == [first_word(suggested)]


@pytest.mark.parametrize(("check", "asked"), [("oos_risk", True), ("inbound_eta_slip", True), ("dead_stock", False)])
def test_an_eta_is_asked_for_where_someone_can_commit_to_one(check, asked):
    html = checklist_html(pd.DataFrame([finding(check=check)]), NONE, "2026-W46", "monday", "EUR")
    assert ('name="eta_commitment"' in html) is asked


def test_what_was_decided_before_is_said_and_preset(tmp_path):
    item = {"finding_id": "a", "decision": "transfer", "owner": "Bo", "due_on": "2026-11-25", "note": "from RTM"}
    decisions.save(tmp_path, "2026-W45", "monday", [item], "Cleo", datetime(2026, 11, 9, 10, tzinfo=UTC))
    known = decisions.as_known(decisions.read(tmp_path), Week.parse("2026-W46"))
    row = rows(finding(), known=known)[0]
    assert (row["decision"], row["owner"], row["due_on"]) == ("transfer", "Bo", "2026-11-25")
    assert row["before"].replace("\xa0", " ") == "Decided 9 Nov 2026 by Cleo: transfer, Bo, due 25 Nov: from RTM"


def test_what_was_decided_of_its_twin_is_said(tmp_path):
    decisions.save(tmp_path, "2026-W45", "monday", [{"finding_id": "T", "decision": "reprice"}], "Cleo", datetime(2026, 11, 9, tzinfo=UTC))
    known = decisions.as_known(decisions.read(tmp_path), Week.parse("2026-W46"))
    assert "reprice" in rows(finding(twin="T"), known=known)[0]["before"] and not rows(finding(twin=""), known=known)[0]["before"]


@pytest.mark.parametrize(("due_at", "preset"), [("2026-11-16T00:00:00Z", "2026-11-16"), ("2026-11-15T23:00:00Z", ""), (None, "")])
def test_a_due_day_that_is_past_is_for_the_meeting_to_set(due_at, preset):
    """The review of W46 is held from Monday 16 November on."""
    assert rows(finding(due_at=due_at))[0]["due_on"] == preset


def test_every_value_is_escaped():
    nasty = '"><script>alert(1)</script>'
    values = {k: nasty for k in ("finding_id", "title", "impact_basis", "owner", "suggested_decision", "state", "first_seen")}
    html = checklist_html(pd.DataFrame([finding(**values)]), NONE, "2026-W46", "monday", "EUR")
    form = html[: html.index("</form>")]
    assert "<script" not in form and form.count("&lt;script&gt;") == len(values)


def test_the_first_are_shown_and_the_others_folded_under_what_they_come_to():
    many = [finding(finding_id=f"g{i}", severity="breach", impact=100.0 - i) for i in range(FIRST + 2)]
    small = [finding(finding_id="s", impact=5.0)]
    html = checklist_html(pd.DataFrame([*many, *small]), NONE, "2026-W46", "monday", "EUR")
    top, more, rest = re.split(r"<details", html[: html.index("</form>")])
    assert [part.count("<li ") for part in (top, more, rest)] == [FIRST, 2, 1]
    assert re.findall(r"<summary>(.*?)</summary>", html) == [
        f"2 more findings, €{100 - FIRST + 100 - FIRST - 1} a week together, 2 of them a breach",
        "1 smaller finding, €5.00 a week together",
    ]  # fmt: skip
    assert f"0 of {FIRST + 3} decided" in html
    skus = checklist_html(pd.DataFrame([finding(impact=None, severity="info")]), NONE, "2026-W46", "monday", "EUR", 0.0, "SKU")
    assert "smaller" not in skus and skus.count("<li ") == 1


def test_proposals_are_folded_by_themselves_and_saved_like_findings(tmp_path):
    proposal = finding(finding_id="proposal/pause/P-1", title="P-1 on 3 SKUs loses on a unit", severity="info", impact=20.0)
    given = (pd.DataFrame([finding(impact=99.0), proposal]), NONE, "2026-W46", "monday", "EUR")
    html = checklist_html(*given)
    first, fold = html.split("<details")
    assert 'data-finding="a"' in first and "proposal" not in first
    assert "<summary>1 proposal</summary>" in fold and 'data-finding="proposal/pause/P-1"' in fold
    assert [e["expected_impact"] for e in entries(*given[:2], "monday", "EUR", 50.0)] == ["", "20"]
    assert len(checklist_widget(*given, tmp_path).children) == 3  # both, and the bar


def test_no_findings_is_said():
    empty = pd.DataFrame(columns=list(finding()))
    assert "No finding needs a decision" in checklist_html(empty, NONE, "2026-W46", "monday", "EUR")


def test_the_controls_save_in_place(tmp_path):
    box = checklist_widget(
        pd.DataFrame([finding(impact=99.0), finding(finding_id="b", impact=80.0)]), NONE, "2026-W46", "monday", "EUR", tmp_path
    )
    *found, bar = box.children
    name, button, count, said = bar.children
    button.click()
    assert "Nothing is decided yet" in said.value
    fields = found[0].children[1].children
    by = {getattr(f, "placeholder", ""): f for f in fields}
    by["EUR a week"].value = "1,200"  # to touch a control is to decide
    [f for f in fields if type(f).__name__ == "DatePicker"][1].value = date(2026, 11, 24)
    assert count.value == "<b>1 of 2 decided</b>"
    button.click()
    assert "Who records this?" in said.value and not list(tmp_path.iterdir())
    name.value = "Ana"
    due = next(f for f in fields if type(f).__name__ == "DatePicker")
    due.value = None
    button.click()
    assert "lacks an owner or a day" in said.value and not list(tmp_path.iterdir())
    due.value = date(2026, 11, 18)
    button.click()
    (row,) = decisions.read(tmp_path).to_dict("records")
    assert (row["finding_id"], row["decision"], row["expected_impact"], row["recorded_by"]) == ("a", "expedite", 1200.0, "Ana")
    assert (row["due_on"], row["eta_commitment"]) == (date(2026, 11, 18), date(2026, 11, 24))
    by["EUR a week"].value = "much"
    button.click()
    assert "Not saved" in said.value and len(list(tmp_path.iterdir())) == 1
