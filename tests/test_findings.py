"""Findings by hand: identity, state from week to week, deadlines from `as_of`, and what a decision does to a state."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pytest
from fake_known import context, settings
from opsreview import decisions as meetings
from opsreview.checks import COLUMNS as FOUND
from opsreview.checks import worth
from opsreview.findings import COLUMNS, INNER, LOOK_BACK, NO_OWNER, NUMBERS, finding_id, found_this_week, judge
from opsreview.weeks import Week

WEEK = Week.parse("2026-W46")  # as_of is 16 November, 00:00 UTC
SLOW, FAST = "excess_stock", "oos_risk"  # a week and a day to act


def raw(*rows: tuple) -> pd.DataFrame:
    """What the checks found: (check, entity) and, where wanted, its impact."""
    frame = pd.DataFrame(
        [
            {
                "check": c,
                "entity": e,
                "entity_type": "sku",
                "title": f"{e} is amiss",
                "severity": "watch",
                "impact": i[0] if i else 100.0,
                "basis": "units × money",
                "decision": "markdown",
                "detail": "12 units",
                "members": e,
                "evidence": "inventory",
            }
            for c, e, *i in rows
        ],
        columns=["check", *FOUND],
    )
    return frame.astype(dict.fromkeys(NUMBERS, float))


def decided(*items: dict) -> pd.DataFrame:
    rows = [
        {
            "week": str(WEEK),
            "review": "monday",
            "recorded_at": datetime(2026, 11, 16, 9),
            "decision": "markdown",
            "due_on": None,
            "done": False,
            "owner": "",
            "finding_id": finding_id(SLOW, "A"),
            **item,
        }
        for item in items
    ]
    frame = pd.DataFrame(rows, columns=meetings.COLUMNS)
    return frame.astype({"recorded_at": "datetime64[us]"})


def weeks(*found: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    """The last of them is W's; None is a week that could not be run."""
    empty = pd.DataFrame(columns=["check", "entity"])
    n = len(found)
    return {str(WEEK - (n - 1 - i)): empty if f is None else f for i, f in enumerate(found)}


def judged(*found, items: tuple = (), **given) -> pd.DataFrame:
    return judge(WEEK, weeks(*found), decided(*items), settings(**given))


def only(*found, **more) -> pd.Series:
    rows = judged(*found, **more)
    assert len(rows) == 1
    return rows.iloc[0]


A, NOTHING = raw((SLOW, "A")), raw()


@pytest.mark.parametrize(("given", "leak"), [(None, "1"), ("4", "4"), ("", "")])
def test_a_finding_is_in_its_checks_leak_or_says_another_or_none(given, leak):
    assert only(raw((FAST, "A")).assign(leak=given))["leak"] == leak


def test_columns_are_the_contracts_in_its_order():
    contract = """finding_id week review leak check entity_type entity title observed expected threshold severity impact impact_basis owner
                  due_at escalate_to escalate_at suggested_decision state first_seen members evidence"""
    assert contract.split() == COLUMNS
    assert list(judged(A).columns) == list(judged(NOTHING).columns) == [*COLUMNS, *INNER]


def test_an_identity_lasts_and_is_its_checks_and_entitys_alone():
    assert judged(A)["finding_id"].tolist() == judged(A, A)["finding_id"].tolist()
    assert len({finding_id(SLOW, "A"), finding_id(FAST, "A"), finding_id(SLOW, "B")}) == 3


@pytest.mark.parametrize(
    ("found", "state", "first_seen"),
    [
        ((A,), "new", "2026-W46"),
        ((NOTHING, A), "new", "2026-W46"),
        ((A, A), "open", "2026-W45"),
        ((A, A, A), "overdue", "2026-W44"),  # a week to act, and nobody decided
        ((A, NOTHING, A), "recurring", "2026-W46"),
        ((A, NOTHING, A, A), "open", "2026-W45"),
        ((A, None, A), "overdue", "2026-W44"),  # a week that could not be run is no absence
        ((None, A), "new", "2026-W46"),
        ((A, NOTHING), "resolved", "2026-W45"),
        ((A, A, NOTHING), "resolved", "2026-W44"),
        ((A, None, NOTHING), "resolved", "2026-W44"),
    ],
)
def test_state_follows_from_the_weeks(found, state, first_seen):
    row = only(*found)
    assert (row["state"], row["first_seen"]) == (state, first_seen)


def test_what_was_resolved_two_weeks_ago_is_gone_and_memory_ends_after_thirteen_weeks():
    assert judged(A, NOTHING, NOTHING).empty
    assert only(A, *[NOTHING] * (LOOK_BACK - 1), A)["state"] == "recurring"
    assert only(A, *[NOTHING] * LOOK_BACK, A)["state"] == "new"
    assert only(*[A] * 20)["first_seen"] == str(WEEK - LOOK_BACK)


def test_what_is_resolved_shows_itself_go_without_money():
    row = only(A, NOTHING)
    assert pd.isna(row["impact"])
    assert (row["severity"], row["suggested_decision"], row["title"]) == ("info", "accept: no longer found", "A is amiss")


@pytest.mark.parametrize(
    ("item", "state"),
    [
        ({}, "committed"),
        ({"due_on": date(2026, 11, 16)}, "committed"),
        ({"due_on": date(2026, 11, 15)}, "overdue"),
        ({"due_on": date(2026, 11, 15), "done": True}, "open"),
        ({"decision": "accept"}, "open"),
        ({"decision": "accept", "due_on": date(2026, 11, 1)}, "open"),
        ({"decision": "defer"}, "open"),
        ({"decision": "defer", "due_on": date(2026, 11, 15)}, "overdue"),
        ({"recorded_at": datetime(2026, 11, 22, 23)}, "committed"),  # the meeting about W is in the week after it
        ({"recorded_at": datetime(2026, 11, 23, 1)}, "overdue"),  # and this one not yet known
        ({"finding_id": "another"}, "overdue"),
    ],
)
def test_a_decision_moves_the_state(item, state):
    assert only(A, A, A, items=(item,))["state"] == state


@pytest.mark.parametrize(("decided_of", "entity", "state"), [("false_confidence", "A", "committed"), ("false_confidence", "B", "new"),
                                                             ("oos_risk", "A", "new")])  # fmt: skip
def test_a_decision_about_a_loss_holds_for_it_looking_healthy_too(decided_of, entity, state):
    both = raw(("negative_margin", "A"), ("false_confidence", "A"))
    rows = judged(both, items=({"finding_id": finding_id(decided_of, entity)},)).set_index("check")
    assert rows.loc["negative_margin", "state"] == state
    own = ({"finding_id": finding_id("false_confidence", "A")}, {"finding_id": finding_id("negative_margin", "A"), "decision": "accept"})
    assert judged(both, both, items=own).set_index("check")["state"].to_dict() == {
        "false_confidence": "committed",
        "negative_margin": "open",
    }


def test_the_latest_decision_stands():
    promised, kept = {"recorded_at": datetime(2026, 11, 10)}, {"recorded_at": datetime(2026, 11, 12), "decision": "accept"}
    assert only(A, A, items=(promised, kept))["state"] == "open"
    assert only(A, items=(promised,))["state"] == "committed"  # even of one that is new in W


def test_deadlines_are_reckoned_from_the_end_of_the_week_first_seen_in_the_business_time_zone():
    row = only(raw((FAST, "A")))
    assert (row["due_at"], row["escalate_at"]) == ("2026-11-17T00:00:00Z", "2026-11-18T00:00:00Z")
    assert only(raw((FAST, "A")), raw((FAST, "A")))["due_at"] == "2026-11-10T00:00:00Z"
    berlin = judge(WEEK, weeks(A), decided(), settings(timezone="Europe/Berlin"))
    assert berlin["due_at"].tolist() == ["2026-11-22T23:00:00Z"]
    assert only(A, owners={SLOW: {"sla_hours": 6}})["due_at"] == "2026-11-16T06:00:00Z"


def test_owner_and_escalation_come_from_settings_and_nobody_is_told_as_such():
    row = only(A, owners={SLOW: {"owner": "Ada", "escalate_to": "Grace"}})
    assert (row["owner"], row["escalate_to"]) == ("Ada", "Grace")
    trifle = A.assign(severity="info")
    row = only(trifle, owners={SLOW: {"owner": " "}})
    assert (row["owner"], row["severity"]) == (NO_OWNER, "watch")
    assert only(trifle)["severity"] == "info"


def test_rows_fall_in_money_then_by_check_and_entity_and_the_decision_has_its_arithmetic():
    rows = judged(raw((SLOW, "B", 10.0), (FAST, "C", 10.0), (SLOW, "A", 10.0), (SLOW, "D", 99.0), (SLOW, "E", None)))
    assert list(zip(rows["check"], rows["entity"], strict=True)) == [(SLOW, "D"), (SLOW, "A"), (SLOW, "B"), (FAST, "C"), (SLOW, "E")]
    assert rows["suggested_decision"].tolist()[0] == "markdown: 12 units"
    assert set(rows["review"]) == {"monday"}
    assert rows["leak"].tolist() == ["2", "2", "2", "1", "2"]


def test_the_same_weeks_give_the_same_findings():
    several = raw((SLOW, "B"), (FAST, "A"), (SLOW, "A"))
    pd.testing.assert_frame_equal(judged(A, several), judged(A, several.iloc[::-1]))


@pytest.mark.parametrize(
    ("impact", "times", "severity"),
    [
        (49.99, 9.0, None),
        (50.0, 1.0, "watch"),
        (499.0, 1.99, "watch"),
        (500.0, 1.0, "breach"),
        (50.0, 2.0, "breach"),
        (500.0, 2.0, "critical"),
    ],
)
def test_severity_counts_what_is_grave(impact, times, severity):
    rows = worth(context({}), pd.DataFrame({"impact": [impact]}), pd.Series([times]))
    assert rows["severity"].tolist() == ([severity] if severity else [])


def test_an_empty_shop_finds_nothing_and_its_frame_can_be_kept(tmp_path):
    found = found_this_week(context({"orders": [], "order_lines": [], "products": []}))
    found.to_parquet(tmp_path / "found.parquet")
    again = pd.read_parquet(tmp_path / "found.parquet")
    assert list(again.columns) == ["check", *FOUND]
    assert judge(WEEK, {str(WEEK): again}, decided(), settings()).empty
