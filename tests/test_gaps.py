"""A table that did not come: what it leaves unanswered is never said to be gone, to be nothing, or to be as usual."""

from __future__ import annotations

import math
from datetime import datetime

import pytest
from fake_known import WEEK, FakeKnown, settings
from opsreview import decisions as meetings
from opsreview.books import STANDING, Books
from opsreview.catalog import checks
from opsreview.checks import Context
from opsreview.findings import carried, finding_id, found_this_week, identified, judge
from opsreview.gaps import did_not_come, gaps, unanswered, why_unanswered
from opsreview.intake.known import Known
from opsreview.intake.schema import TABLES
from opsreview.scorecard import scorecard
from test_findings import decided, raw, weeks

HOTSPOT, STOCK = "returns_hotspot", "excess_stock"
WHY = f"returns did not come in {WEEK}"
A, NOTHING = raw((HOTSPOT, "A/too_small", 159.0)), raw()


def books(*gone: tuple[str, int], tables: tuple[str, ...] = ("orders", "order_lines", "returns", "promotions")) -> Books:
    """Thirty weeks of exports without some tables so many weeks before W."""
    return Books(FakeKnown({t: [] for t in tables}, gaps={(table, WEEK - ago) for table, ago in gone}), settings())


@pytest.mark.parametrize(
    ("needs", "gone", "expected"),
    [
        ({"returns": 7}, [("returns", 0)], [("returns", ["2026-W46"])]),
        ({"returns": 7}, [("returns", 1)], []),
        ({"returns": 28}, [("returns", 1), ("returns", 3), ("returns", 4)], [("returns", ["2026-W43", "2026-W45"])]),
        ({"returns": 28, "picks": 28}, [], []),  # picks never came: nothing that was there before is missed
        ({"promotions": 7}, [("promotions", 0)], []),  # a price list of last week is valid still
    ],
)
def test_a_gap_is_a_week_of_the_window_in_which_what_came_before_did_not_come(needs, gone, expected):
    assert gaps(books(*gone), needs) == expected


def test_a_table_is_missed_from_its_first_export_on():
    late = books(*(("returns", ago) for ago in range(2, 30)))
    assert gaps(late, {"returns": 28}) == []


def test_what_did_not_come_is_said_in_a_sentence():
    assert (
        did_not_come([("picks", ["2026-W46"]), ("labor.hour", ["2026-W46"])]) == "picks and column hour of labor did not come in 2026-W46"
    )
    assert did_not_come([("picks", ["2026-W46"]), ("picks.error_type", ["2026-W46"])]) == "picks did not come in 2026-W46"
    assert did_not_come([("a", ["2026-W44", "2026-W45"]), ("b", ["2026-W46"])]) == (
        "a did not come in 2026-W44 to 2026-W45; b did not come in 2026-W46"
    )


def test_a_kind_of_finding_that_needs_other_tables_is_asked_for_those():
    unknown = unanswered(books(("returns", 0)))
    assert why_unanswered(unknown, HOTSPOT, "sku/reason") == WHY
    assert why_unanswered(unknown, "invoice_mismatch", "return_id") == WHY
    assert why_unanswered(unknown, "invoice_mismatch", "purchase") == why_unanswered(unknown, STOCK, "sku") == ""


def test_every_check_says_what_it_needs_by_a_name_of_the_contract():
    for name, check in checks().items():
        for needs in (check.needs, *check.kinds.values()):
            for need in needs:
                table, _, column = need.partition(".")
                assert table in TABLES and (not column or column in {c.name for c in TABLES[table].columns}), (name, need)
        assert check.needs or check.review == "all" or name == "edi_unanswered", name


def over(*found, gone=(), items=(), week=WEEK):
    """(raw with what was carried, findings.csv, decisions.csv) of weeks to W; `gone`: how many weeks ago no returns came."""
    unknown = {str(WEEK - ago): {HOTSPOT: f"returns did not come in {WEEK - ago}"} for ago in gone}
    frames = carried(weeks(*found), unknown)
    now = judge(week, frames, decided(*items), settings())
    standing = meetings.as_known(decided(*items), week)
    known = lambda check, kind: why_unanswered(unknown.get(str(week), {}), check, kind)  # noqa: E731
    return frames, now, meetings.decisions_frame(standing, now, identified(frames), week, known)


ITEM = {"finding_id": finding_id(HOTSPOT, "A/too_small"), "week": str(WEEK - 1), "recorded_at": datetime(2026, 11, 9, 9), "file": "a.json"}


def test_a_finding_that_nobody_could_look_for_keeps_its_state_and_has_no_money():
    _, now, decisions = over(A, NOTHING, gone=[0], items=(ITEM,))
    row = now.iloc[0]
    assert (row["state"], row["first_seen"], row["severity"]) == ("committed", str(WEEK - 1), "watch")
    assert math.isnan(row["impact"]) and math.isnan(row["observed"])
    assert row["impact_basis"] == f"not known: {WHY}; in {WEEK - 1} it cost €159 a week"
    assert row["suggested_decision"] == "markdown: 12 units"
    told = decisions.iloc[0]
    assert (told["impact_then"], told["outcome"]) == (159.0, f"not known: {WHY}")
    assert math.isnan(told["impact_now"])


@pytest.mark.parametrize(
    ("found", "gone", "state", "first_seen"),
    [
        ((A, NOTHING), (), "resolved", WEEK - 1),  # looked for and not found
        ((A, NOTHING), (0,), "open", WEEK - 1),
        ((A, NOTHING, NOTHING), (1, 0), "overdue", WEEK - 2),  # two weeks long nobody could look
        ((A, NOTHING, NOTHING), (1,), "resolved", WEEK - 2),  # looked for again, and not found
        ((A, NOTHING, A), (1,), "overdue", WEEK - 2),  # no break: nobody could look
        ((A, None, NOTHING), (0,), "overdue", WEEK - 2),
        ((A, A), (0,), "open", WEEK - 1),  # found with what there is
    ],
)
def test_no_week_without_its_table_ends_a_finding(found, gone, state, first_seen):
    _, now, _ = over(*found, gone=gone)
    assert (now["state"].iloc[0], now["first_seen"].iloc[0]) == (state, str(first_seen))


def test_other_checks_findings_are_gone_as_ever():
    _, now, decisions = over(raw((STOCK, "B")), NOTHING, gone=[0], items=({**ITEM, "finding_id": finding_id(STOCK, "B")},))
    assert now["state"].tolist() == ["resolved"]
    assert (decisions["impact_now"].iloc[0], decisions["outcome"].iloc[0]) == (0.0, "gone")


def test_what_was_gone_before_is_not_known_either_while_nobody_can_look():
    """It may be back: neither 0 nor recovered."""
    _, now, decisions = over(A, NOTHING, NOTHING, gone=[0], items=({**ITEM, "week": str(WEEK - 2)},))
    assert now.empty
    assert math.isnan(decisions["impact_now"].iloc[0]) and decisions["outcome"].iloc[0] == f"not known: {WHY}"


def test_the_sample_loses_no_finding_to_a_missing_table_without_saying_so(sample_results, monkeypatch):
    """Each table in turn treated as missing in W: of every finding that is no longer found, its check says which table did not come."""
    measured = sample_results.measured
    past = measured.stack("charted", measured.weeks[-26:-1])
    plans: dict = {}
    whole, lost = measured.raw[str(sample_results.week)], 0
    whole = whole[~whole["check"].str.startswith(("export_", "schema_"))]
    came = {source.table for source in measured.exports.usable if source.week == sample_results.week}
    for table in sorted(came - STANDING - {"orders", "order_lines", "fx_rates"}):
        monkeypatch.setattr(Known, "_missing", lambda known, name, gone=table: "gone" if name == gone else None)
        known = Books(measured.exports.known(sample_results.week), sample_results.settings, plans)
        found = found_this_week(Context(known, scorecard(known)[0], past))
        unknown = unanswered(known)
        known.close()
        keys = set(zip(found["check"], found["entity"], strict=True))
        away = [row for row in whole.itertuples() if (row.check, row.entity) not in keys]
        silent = [(row.check, row.entity) for row in away if table not in why_unanswered(unknown, row.check, row.entity_type)]
        assert not silent, (table, silent)
        lost += len(away)
    assert lost > len(whole) / 2  # the tables matter
