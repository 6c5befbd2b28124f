"""The leaks over time and by finding: signals as XmR gives them, findings and remainder that add up to the leak, the meeting's sentence."""

from __future__ import annotations

import re
from types import SimpleNamespace

import fake_results
import numpy as np
import pandas as pd
import pytest
from opsreview import catalog, causes
from opsreview.exhibits import leak_unpriced, leaks
from opsreview.exhibits.leak_findings import by_finding, ledger_rows
from opsreview.leaks import PARTS
from opsreview.statistics import xmr_limits, xmr_signal


def test_findings_and_a_named_remainder_add_up_to_each_leak():
    r = fake_results.shared()
    rows = by_finding(r.leaks, r.findings, ledger_rows(r))
    for leak, own in rows.groupby("leak"):
        total = r.leaks[(r.leaks.leak == leak) & (r.leaks.part == "total")].amount.iloc[0]
        assert own[own.whole].amount.tolist() == [total]
        assert own[~own.whole].amount.sum() == pytest.approx(total, abs=0.005)
        assert own[own.whole].beyond.tolist() == pytest.approx([own[~own.whole].beyond.sum()])


LEDGER = pd.DataFrame(
    [("1", "stockout", 100.0), ("1", "wasted_spend", 30.0), ("1", "total", 130.0), ("2", "expedite", 240.0), ("2", "total", 240.0),
     ("3", "avoidable_charges", 50.0), ("3", "creep", 80.0), ("3", "total", 130.0)],
    columns=["leak", "part", "amount"],
)  # fmt: skip
ROWS = pd.DataFrame(
    [("1", "stockout", "A", 70.0), ("1", "stockout", "B", 30.0), ("1", "wasted_spend", "A", 30.0), ("2", "expedite", "PO/1", 240.0),
     ("3", "avoidable_charges", "ups/ground; ups/redelivery", 20.0), ("3", "avoidable_charges", "ups/air; ups/redelivery", 30.0),
     ("3", "creep", "creep.rate", 90.0), ("3", "creep", "creep.remainder", -10.0)],
    columns=["leak", "part", "keys", "amount"],
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # leak, check, entity, impact -> of a leak (what, in the ledger, beyond it): findings, then a remainder a part
        ([], {"1": [("stockout", 100, 0), ("wasted_spend", 30, 0)], "2": [("expedite", 240, 0)]}),
        ([("1", "oos_risk", "A@north", 250)], {"1": [("f0", 100, 150), ("stockout", 30, 0)]}),
        ([("1", "oos_risk", "B@north", 10)], {"1": [("f0", 30, 0), ("stockout", 70, 0), ("wasted_spend", 30, 0)]}),
        # a row is of the dearest finding about it, and of no other
        ([("1", "oos_risk", "A@north", 10), ("1", "oos_risk", "A@south", 20)],
         {"1": [("f1", 100, 0), ("f0", 0, 10), ("stockout", 30, 0)]}),
        # what looks ahead is about nothing of this week, however much it costs
        ([("1", "promotion_at_risk", "P/A", 900)], {"1": [("f0", 0, 900), ("stockout", 100, 0), ("wasted_spend", 30, 0)]}),
        ([("1", "promotion_at_risk", "P/A", 900), ("1", "dock_to_stock", "A", 50)],
         {"1": [("2 findings with nothing in this week's ledger, first: f0", 0, 950), ("stockout", 100, 0), ("wasted_spend", 30, 0)]}),
        # a document is about the SKUs inside it
        ([("1", "asn_delayed", "PO/1", 80)], {"1": [("f0", 30, 50), ("stockout", 70, 0), ("wasted_spend", 30, 0)]}),
        # a finding of another leak does not explain a part of this one
        ([("1", "inbound_eta_slip", "PO/1", 84)], {"2": [("expedite", 240, 0)]}),
        # charges go by their service, and by carrier and type
        ([("3", "carrier_exceptions", "ups/air", 60), ("3", "invoice_mismatch", "ups/redelivery", 40)],
         {"3": [("f0", 30, 30), ("f1", 20, 20), ("creep", 80, 0)]}),
        # of a cause of creep a finding has what it costs, as far as the cause goes
        ([("3", "carrier_overcharge", "ups/air", 60), ("3", "carrier_overcharge", "ups/ground", 50)],
         {"3": [("f0", 60, 0), ("f1", 30, 20), ("avoidable_charges", 50, 0), ("creep", -10, 0)]}),
    ],
)  # fmt: skip
def test_a_finding_has_of_the_ledger_the_rows_that_it_is_about(found, expected):
    f = pd.DataFrame(found, columns=["leak", "check", "entity", "impact"])
    f = f.assign(
        title=[f"f{i}" for i in range(len(found))],
        members=["PO/1; B" if c == "asn_delayed" else e for c, e in zip(f.check, f.entity, strict=True)],
    )
    rows = by_finding(LEDGER, f.astype({"impact": float}), ROWS)
    for leak, said in expected.items():
        own = rows[(rows.leak == leak) & ~rows.whole]
        assert [(what or part, amount, beyond) for what, part, amount, beyond in own[["what", "part", "amount", "beyond"]].values] == said
        assert own.amount.sum() == pytest.approx(rows[(rows.leak == leak) & rows.whole].amount.iloc[0])


def test_what_checks_explain_are_parts_of_their_leak():
    of_leak = {part.name: part.leak for part in PARTS}
    told = {name: [what.partition(".")[::2] for what in check.explains] for name, check in catalog.checks().items() if check.explains}
    assert {of_leak[part] for name in told for part, _ in told[name]} == set("1234")
    for name, parts in told.items():
        for part, cause in parts:
            assert of_leak[part] == catalog.checks()[name].leak and (not cause or cause in causes.OF_CREEP), name


def test_the_rows_of_the_ledger_are_its_parts(sample_results):
    """In cents, every part that has rows; and each of them is named."""
    rows = sample_results.evidence("leak_rows")
    ledger = sample_results.leaks.set_index("part").amount
    sums = rows.groupby("part").amount.sum()
    assert set(sums.index) == {part.name for part in PARTS} - {"creep"}
    assert (sums - ledger[sums.index]).abs().max() < 0.005
    assert (rows["keys"].eq("") == (rows.part == "returns_support")).all() and not rows.duplicated(["part", "keys"]).any()


def line(**given):
    row = {"name": "Jar", "sku": "A", "quantity_ordered": 3, "source_location": "north", "location": "south", "back": 0.0, "margin": 60.0,
           "amount": 38.0, "original_eta": pd.Timestamp("2026-11-12"), "eta": pd.Timestamp("2026-11-12"), "arrived_at": pd.NaT}  # fmt: skip
    return pd.Series(row | given)


@pytest.mark.parametrize(
    ("part", "given", "why", "decision"),
    [
        ("transfer_freight", {}, "", "accept"),
        ("transfer_freight", {"back": 16.0}, "16 units of the SKU went the other way in the week", "investigate"),
        ("transfer_freight", {"amount": 380.0}, "its units earn €60.00, less than their freight", "investigate"),
        ("expedite", {}, "", "accept"),
        ("expedite", {"eta": pd.Timestamp("2026-11-24")}, "still comes 12 days after its first date, 12\u00a0Nov", "dispute_charge"),
        ("expedite", {"arrived_at": pd.Timestamp("2026-11-13 09:00")}, "came 1 day after its first date, 12\u00a0Nov", "dispute_charge"),
        ("expedite", {"arrived_at": pd.Timestamp("2026-11-12 17:00"), "eta": pd.Timestamp("2026-11-24")}, "", "accept"),
    ],
)  # fmt: skip
def test_what_was_paid_for_nothing_is_told(part, given, why, decision):
    said = (leak_unpriced._transfer if part == "transfer_freight" else leak_unpriced._expedite)("PO/1", line(**given), "EUR")
    assert said[1:] == (why, decision) and said[0].startswith("PO/1: 3 units of Jar (A)")


def test_a_part_that_signals_without_a_finding_is_shown_by_its_dearest_rows():
    weeks = [f"2026-W{i:02d}" for i in range(33, 47)]
    level = {"transfer_freight": [10.0, 11, 9, 10, 12, 10, 9, 11, 10, 10, 11, 9, 10, 95], "stockout": [10.0, 12.0] * 7}
    parts = [(week, "2", part, value) for part, own in level.items() for week, value in zip(weeks, own, strict=True)]
    history = pd.DataFrame(parts, columns=["week", "leak", "part", "basis_points"])
    assert leak_unpriced.signalling(history, "2026-W46") == ["transfer_freight"] and leak_unpriced.signalling(history, "2026-W47") == []
    ledger = [("2", "transfer_freight", 400.0, 60.0), ("2", "total", 400.0, 60.0)]
    ledger = pd.DataFrame(ledger, columns=["leak", "part", "amount", "usual"])
    rows = [
        ("2", "transfer_freight", key, amount)
        for key, amount in (("other", 200.0), ("T/2; road", 70.0), ("T/3", 60.0), ("T/4", 50.0), ("T/5", 20.0))
    ]
    r = fake_results.shared()
    frames = {"leak_rows": pd.DataFrame(rows, columns=["leak", "part", "keys", "amount"]), "paid_lines": r.evidence("paid_lines")}
    results = SimpleNamespace(leaks=ledger, findings=r.findings.head(0), leak_history=history, leak_causes=r.leak_causes.head(0),
                              settings=r.settings, evidence=frames.__getitem__, week="2026-W46", trust={})  # fmt: skip
    html = leak_unpriced.unpriced(results).html
    assert "no finding is about: transfer freight €340 above usual" in html
    assert re.findall(r">(other|T/\d)", html) == ["other", "T/2", "T/3"] and "T/2, road" in html, "the dearest first, no more than three"
    assert "3 units of Chair no. 1 (SKU-001), BER to RTM" in html and "16 units of the SKU went the other way" in html
    assert "Head of Inventory" in html and html.count("investigate") == 3
    frames["leak_rows"] = frames["leak_rows"].loc[[4]].assign(amount=20.0)
    assert "spread over 1 row" in leak_unpriced.unpriced(results).html, "a part of many small rows is one line"
    few = SimpleNamespace(**{**vars(results), "leaks": ledger.assign(usual=360.0)})
    assert "no part of a leak is above" in leak_unpriced.unpriced(few).html, "what is €40 above its usual level is below the floor"
    quiet = SimpleNamespace(**{**vars(results), "leak_history": history.assign(basis_points=10.0)})
    assert "no part of a leak is above its usual range without a finding" in leak_unpriced.unpriced(quiet).html


def test_a_leak_signals_as_any_weekly_value_does():
    values = [10.0, 11, 9, 10, 12, 10, 9, 11, 10, 10, 11, 9, 10, 30]
    history = pd.DataFrame(
        {"week": [f"2026-W{i:02d}" for i in range(10, 24)], "leak": "3", "part": "total", "basis_points": values}
    ).assign(without="")
    rows = leaks.trends(history)
    limits = xmr_limits(values[:-1], 0.0)
    assert rows.signal.tolist() == ["none"] * 13 + [xmr_signal(values, 0.0)] and rows.signal.iloc[-1] == "up:limits"
    assert (rows.upper == limits.upper).all() and (rows.lower == limits.lower).all() and set(rows.series) == {leaks.LEAKS["3"]}


def test_the_sentence_of_the_meeting():
    rows = [
        ("3", "rework", 40.0, 4.0, 30.0),
        ("3", "creep", 80.0, 8.0, np.nan),
        ("3", "total", 120.0, 12.0, 90.0),
        ("4", "total", 7.0, 1.0, 1.0),
    ]
    frame = pd.DataFrame(rows, columns=["leak", "part", "amount", "basis_points", "usual"]).assign(without="")
    assert leaks.avoidables(frame, "EUR") == (
        "Fulfillment avoidables leak 12.0 basis points of net revenue (€120; usually €90.00): creep 8.0 and rework 4.0."
    )
    assert leaks.avoidables(frame.assign(amount=np.nan), "EUR") == ""


def test_weeks_whose_total_has_other_parts_are_not_held_against_one_another():
    """The last week lacks what its returns cost: its lower total is no fall, and no later week is held against it."""
    values = [10.0, 11, 9, 10, 12, 10, 9, 11, 10, 10, 11, 9, 10, 1]
    history = pd.DataFrame({"week": [f"2026-W{i:02d}" for i in range(10, 24)], "leak": "4", "part": "total", "basis_points": values})
    history = history.assign(amount=values, without=[""] * 13 + ["returns_shipping; returns_handling"])
    rows = leaks.trends(history)
    assert rows.week.tolist() == history.week.tolist()[:-1] and not rows.signal.str.startswith("down").any()
    said = "leak 4 of 2026-W23 without returns shipping and returns handling (n/a)"
    assert leaks.unlike(history) == f" Not drawn, as their total has other parts than in most weeks: {said}."
    assert leaks.unlike(history.assign(without="returns_shipping")) == ""  # a table that never comes: every week has the same parts
    assert len(leaks.trends(history.assign(without="returns_shipping"))) == 14
