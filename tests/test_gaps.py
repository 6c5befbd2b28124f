"""A table that did not come: what it leaves unanswered is never said to be gone, to be nothing, or to be as usual."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path

import fake_results
import pandas as pd
import pytest
from fake_known import WEEK, FakeKnown, context, settings
from hand_shop import ago, shop
from hand_shop import run as checks_run
from opsreview import agenda, figures, formats, narrative
from opsreview import decisions as meetings
from opsreview.books import STANDING, Books
from opsreview.catalog import checks
from opsreview.checks import Context
from opsreview.evidence import friday, money
from opsreview.exhibits import bridges, proposals
from opsreview.findings import carried, finding_id, found_this_week, identified, judge
from opsreview.gaps import did_not_come, ended_early, gaps, instead, unanswered, why_unanswered
from opsreview.intake.known import Known
from opsreview.intake.schema import TABLES
from opsreview.leaks import PARTS
from opsreview.ledger import amounts, ledger
from opsreview.scorecard import scorecard
from test_findings import decided, raw, weeks

SAMPLE = Path(__file__).resolve().parent.parent / "data_samples"
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
    past = pd.concat([measured.cards[w].frame("charted").assign(week=str(w)) for w in measured.weeks[-26:-1]])
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


# ---- what ended early ----------------------------------------------------------------------------------------------------------


def arrivals(*ages: float | None) -> list[dict]:
    """A row a week, the last W's; ages in hours before the week's end."""
    return [{"rows": 10, "age_hours": math.nan if age is None else age} for age in ages]


def spend(*weeks_ago: int, each: float = 10.0, without: tuple[int, ...] = ()) -> list[dict]:
    """An amount on every day of some weeks, in W without some weekdays."""
    days = [(WEEK - ago).monday + timedelta(days=d) for ago in weeks_ago for d in range(7) if ago or d not in without]
    return [{"spend_date": day, "channel": "web", "amount": each} for day in days]


def early(ages: list[float], table: str = "ad_spend", rows: list[dict] = (), **more) -> list[dict]:
    return ended_early(Books(FakeKnown({table: list(rows)}, arrivals={table: arrivals(*ages)}, **more), settings()))


@pytest.mark.parametrize(
    ("table", "ages", "expected"),
    [
        ("ad_spend", [24] * 13 + [96], ("2026-11-12", 3)),  # a day is as old as its morning: usually the last day is there
        ("ad_spend", [24] * 13 + [48], ("2026-11-14", 1)),
        ("ad_spend", [24] * 13 + [24], None),
        ("ad_spend", [96] * 14, None),  # it never reaches the week's end
        ("ad_spend", [24] * 9 + [48] * 4 + [48], None),  # as early as a third of its weeks
        ("ad_spend", [24] * 11 + [48] * 2 + [72], ("2026-11-13", 2)),  # never as early as this
        ("ad_spend", [24] * 4 + [96], None),  # three exports, the first left out, are no history
        ("ad_spend", [24] * 5 + [96], ("2026-11-12", 3)),
        ("ad_spend", [24] * 13 + [24 * 17], ("2026-10-30", 7)),
        ("orders", [0.5] * 13 + [23.9], None),
        ("orders", [0.5] * 13 + [24.1], ("2026-11-14", 1)),
        ("orders", [None] * 13 + [90], None),
        ("promotions", [24] * 13 + [96], None),  # no flow
    ],
)
def test_a_table_that_usually_reaches_the_weeks_end_and_does_not_ended_early(table, ages, expected):
    assert [(e["ends"], e["days"]) for e in early(ages, table)] == ([expected] if expected else [])


def test_missing_days_at_usual_spend_are_the_same_weekdays_of_four_weeks_before():
    rows = spend(1, 2, each=10) + spend(3, 4, each=30) + spend(5, each=1000) + spend(0, each=7, without=(4, 5, 6))
    assert early([24] * 13 + [96], rows=rows)[0]["usual"] == 3 * 20
    assert early([24] * 13 + [96], rows=rows, gaps={("ad_spend", WEEK - 2)})[0]["usual"] is None
    assert early([0.5] * 13 + [30], table="orders")[0]["usual"] is None


def test_the_samples_late_export_is_said_beside_the_figure(sample_results):
    """Planted: ad_spend ends on Thursday. By hand from the files: what Friday to Sunday cost in the four weeks before."""
    entry = sample_results.trust["ended_early"][0]
    assert (entry["table"], entry["ends"], entry["days"]) == ("ad_spend", "2026-11-12", 3)
    files = [SAMPLE / str(WEEK - ago) / "ad_spend.csv" for ago in range(1, 5)]
    rows = pd.concat([pd.read_csv(file, parse_dates=["spend_date"]) for file in files])
    assert entry["usual"] == pytest.approx(rows.loc[rows["spend_date"].dt.day_of_week >= 4, "amount"].sum() / 4)
    row = figures.value_of(sample_results, figures.AFTER_SPEND)
    then = formats.share((row.numerator - entry["usual"]) / row.denominator)
    said = f"ad spend ends on 12{formats.NBSP}Nov, 3 of the week's 7 days are missing"
    assert any(formats.capital(said) in line and then in line for line in repr(agenda.trust(sample_results, "friday")).splitlines())
    assert f"({said}; at usual spend" in repr(agenda.strip(sample_results, "friday"))
    assert said in agenda.scorecard(sample_results, "friday").html.replace("&#39;", "'")
    assert formats.capital(said) not in repr(agenda.trust(sample_results, "wednesday"))  # no figure of Wednesday's stands on it
    stale = sample_results.findings.set_index(["check", "entity"]).loc[("export_stale", "ad_spend"), "suggested_decision"]
    assert then in stale


# ---- what stands in for a table ------------------------------------------------------------------------------------------------

ALL = ("orders", "order_lines", "shipments", "carrier_charges", "picks", "labor", "support_tickets", "returns")
OF_BOTH = "at the rates of the weeks that have both labor and picks"


@pytest.mark.parametrize(
    ("tables", "gone", "expected"),
    [
        (ALL, (), []),
        ([t for t in ALL if t != "carrier_charges"], (), [("carrier_charges", "up to 2026-W46", "shipping: the set cost an order")]),
        (ALL, [("returns", 0)], [("returns", "2026-W46", "returns reserve: at the rate of 2026-W45")]),
        (ALL, [("returns", 0), ("returns", 1)], [("returns", "2026-W46", "returns reserve: at the rate of 2026-W44")]),
        (ALL, [("returns", 1)], []),
        (ALL, [("labor", 1), ("labor", 4)], [("labor", "2026-W45", f"pick and pack of four weeks: {OF_BOTH}")]),
        (ALL, [("picks", 3)], [("picks", "2026-W43", f"pick and pack of four weeks: {OF_BOTH}")]),
        ([t for t in ALL if t != "labor"], (), [("labor", "up to 2026-W46", "pick and pack: the set cost a line")]),
    ],
)
def test_what_stands_in_for_a_table_is_named(tables, gone, expected):
    found = instead(books(*gone, tables=tuple(tables)))
    assert [(e["table"], e["weeks"][0], e["instead"]) for e in found] == expected
    assert all(bool(e["beside"]) == ("four weeks" not in e["instead"]) for e in found)  # a week before W moves no figure of W


def test_without_carriers_the_labels_are_what_shipping_costs():
    rows = {t: [] for t in ALL if t != "carrier_charges"} | {"shipments": [{"shipment_id": "S", "label_cost": 4}]}
    found = instead(Books(FakeKnown(rows), settings()))
    assert [e["instead"] for e in found] == ["shipping: label costs only"]


def test_the_fallback_stands_beside_the_margin_in_tile_headline_and_trust():
    full = fake_results.shared()
    gone = {
        "table": "carrier_charges", "weeks": ["up to 2026-W46"], "costs": [], "instead": "shipping: label costs only",
        "beside": ["contribution_margin"],
    }  # fmt: skip
    results = fake_results.FakeResults(**{**vars(full), "trust": {**full.trust, "missing": [gone]}})
    said = "shipping: label costs only, as carrier_charges was never exported"
    row = figures.value_of(results, "contribution_margin")
    assert figures.beside(results, "contribution_margin", row) == [said] and figures.beside(results, "gross_margin") == []
    assert f"({said})" in repr(agenda.strip(results, "friday")) and said in agenda.scorecard(results, "friday").html
    assert "missing: carrier_charges" in narrative.trust_sentence(results)
    assert any("in contribution margin shipping: label costs only" in line for line in map(str.lower, narrative.trust_details(results)))
    assert f"Contribution margin: {said}." in narrative.headline(results, "friday")


# ---- totals of leaks -----------------------------------------------------------------------------------------------------------


def kept(amount: float, *lacks: str) -> dict:
    """A week of the past whose every part of leaks 1 to 4 cost an amount, but for those that are n/a."""
    parts = pd.DataFrame([(p.leak, p.name, math.nan if p.name in lacks else amount) for p in PARTS], columns=["leak", "part", "amount"])
    rows = ledger("2026-W01", parts.assign(units=math.nan), pd.DataFrame(), [], 1000.0)
    return {"cells": pd.DataFrame(), "amounts": amounts(rows)}


@pytest.mark.parametrize(
    ("past", "lacks", "without", "usual"),
    [
        ([kept(10.0)] * 4, (), "", 40.0),
        ([kept(10.0)] * 4, ("returns_shipping",), "returns_shipping", math.nan),  # no week before lacks it: nothing to hold it against
        ([kept(10.0, "returns_shipping")] * 4, ("returns_shipping",), "returns_shipping", 30.0),  # none ever had it: the same parts
        ([kept(10.0)] * 3 + [kept(99.0, "returns_shipping")], (), "", math.nan),  # three weeks are too few
        ([kept(10.0)] * 4 + [kept(1.0, "returns_shipping")] * 3, (), "", 40.0),
    ],
)
def test_a_total_of_leaks_is_held_against_weeks_with_the_same_parts(past, lacks, without, usual):
    parts = pd.DataFrame([(p.leak, p.name, math.nan if p.name in lacks else 5.0) for p in PARTS], columns=["leak", "part", "amount"])
    rows = ledger(str(WEEK), parts.assign(units=math.nan), pd.DataFrame(), past, 1000.0).set_index(["leak", "part"])
    row = rows.loc["4", "total"]
    assert (row["without"], row["amount"]) == (without, 5.0 * (4 - len(lacks)))
    assert row["usual"] == pytest.approx(usual, nan_ok=True)
    assert ("n/a and not in it: returns_shipping" in row["evidence"]) == bool(lacks)
    four = rows.loc["1-4", "total"]["without"].split("; ")
    assert "creep" in four and set(lacks) <= set(four)  # creep needs weeks before it


# ---- figures of four weeks, one of which did not come ---------------------------------------------------------------------------


def returned(*gone: int):
    """A shop of which a unit came back every week of T28; `gone`: how many weeks ago no returns came."""
    rows = [
        {
            "return_id": f"R{n}", "line_no": "1", "order_id": f"A-web-{n}", "line_id": "1", "sku": "A", "quantity": 1,
            "reason_code": "too_small", "requested_at": f"{ago(n - 2)} 12:00", "disposition": "write_off", "refund_amount": 10,
        }
        for n in (4, 11, 18, 25)
    ]  # fmt: skip
    return context(shop(returns=rows), gaps={("returns", WEEK - n) for n in gone}).books


@pytest.mark.parametrize("frame", [money.returns_bill, friday.returns_reasons])
def test_returns_of_three_weeks_are_no_bill_of_four(frame):
    whole = frame(returned())
    assert len(whole) and len(frame(returned(4))) == len(whole)  # a gap before T28 is none of it
    for ago_ in (0, 3):
        part = frame(returned(ago_))
        assert part.empty and list(part.columns) == list(whole.columns)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("promotions", "promotion that costs money: said from promotions of 2026-W45"),
        ("returns", "without it: Perfect order"),
        ("control_totals", "not looked for without it: does not tie to its source"),
        ("contract_prices", "nothing stands on it"),
    ],
)
def test_an_export_that_did_not_come_names_what_stands_on_it(table, said):
    found = checks_run("export_missing", {table: [], "orders": []}, gaps={(table, WEEK)})
    assert found.set_index("entity").loc[table, "detail"].startswith(f"came in 4 of the 4 weeks before; {said}")


def test_a_proposal_that_stands_on_an_older_list_says_so():
    def of(week: str):
        full = fake_results.shared()
        rows = [*(t for t in full.trust["tables"] if t["table"] != "promotions"), {"table": "promotions", "last_week": week}]
        return fake_results.FakeResults(**{**vars(full), "trust": {**full.trust, "tables": rows}})

    assert proposals.older(of(str(WEEK - 1)), "promotions") == f" All of it is said from promotions of {WEEK - 1}: none came this week."
    assert proposals.older(of(str(WEEK)), "promotions") == ""


def test_late_costs_say_which_of_them_are_not_foretold():
    full = fake_results.shared()
    gone = {"table": "returns", "weeks": [str(WEEK)], "costs": ["return_rate"], "instead": "returns reserve: at the rate of 2026-W45"}
    results = fake_results.FakeResults(**{**vars(full), "trust": {**full.trust, "missing": [gone]}})
    said = f"Nothing of returns is foretold, as returns was not exported in {WEEK}; returns reserve: at the rate of 2026-W45."
    assert said in repr(bridges.late_costs(results)[0]) and "foretold" not in repr(bridges.late_costs(full)[0])
