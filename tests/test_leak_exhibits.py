"""The leaks over time and by finding: signals as XmR gives them, findings and remainder that add up to the leak, the meeting's sentence."""

from __future__ import annotations

import fake_results
import numpy as np
import pandas as pd
import pytest
from opsreview.counted import counted
from opsreview.exhibits import leaks
from opsreview.statistics import xmr_limits, xmr_signal


def test_findings_and_a_named_remainder_add_up_to_each_leak():
    r = fake_results.shared()
    rows = leaks.by_finding(r.leaks, r.findings)
    for leak, own in rows.groupby("leak"):
        total = r.leaks[(r.leaks.leak == leak) & (r.leaks.part == "total")].amount.iloc[0]
        assert own[own.whole].amount.tolist() == [total]
        assert own[~own.whole].amount.sum() == pytest.approx(total, abs=0.005)
    said = [what for what in rows.what if what in set(r.findings.title)]
    assert len(said) == len(set(said)) == len(counted(r.findings[r.findings.leak.isin(list("1234"))])), "each cause in one leak, once"


@pytest.mark.parametrize(("impact", "what"), [(80.0, "not in a finding"), (130.0, "findings beyond this week's ledger")])
def test_the_remainder_says_which_way_it_goes(impact, what):
    ledger = pd.DataFrame([("3", "total", 100.0)], columns=["leak", "part", "amount"])
    found = pd.DataFrame([("3", "rework", "x", impact)], columns=["leak", "check", "title", "impact"])
    assert leaks.by_finding(ledger, found).values.tolist() == [
        ["3", "x", impact, False], ["3", what, 100 - impact, False], ["3", "the leak in the week", 100.0, True],
    ]  # fmt: skip


def test_a_leak_signals_as_any_weekly_value_does():
    values = [10.0, 11, 9, 10, 12, 10, 9, 11, 10, 10, 11, 9, 10, 30]
    history = pd.DataFrame({"week": [f"2026-W{i:02d}" for i in range(10, 24)], "leak": "3", "part": "total", "basis_points": values})
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
    frame = pd.DataFrame(rows, columns=["leak", "part", "amount", "basis_points", "baseline"])
    assert leaks.avoidables(frame, "EUR") == (
        "Fulfillment avoidables leak 12.0 basis points of net revenue (€120; usually €90.00): creep 8.0 and rework 4.0."
    )
    assert leaks.avoidables(frame.assign(amount=np.nan), "EUR") == ""
