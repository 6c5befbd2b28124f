"""Every week of the sample adds up to the cent: lines, orders, SKUs, families, channels, what changed, and what leaks."""

from __future__ import annotations

from pathlib import Path

import pytest
from adding_up import CENT, MARGINS, off, orders_off, total
from opsreview import change, engine
from opsreview.books import Books
from opsreview.evidence import frames
from opsreview.exhibits.leak_findings import by_finding, ledger_rows
from opsreview.intake.store import open_exports
from opsreview.leaks import PARTS
from opsreview.margin import COMPONENTS
from opsreview.measure import cache_folder
from opsreview.scorecard import published
from opsreview.settings import find, load
from opsreview.weeks import Week

SAMPLE = Path(__file__).resolve().parent.parent / "data_samples"


@pytest.fixture(scope="module")
def weeks() -> list[tuple[Week, dict]]:
    """Each week of the sample as its own run knew it: {what: what is off}, its cells, its profile and its total."""
    last = max(Week.parse(folder.name) for folder in SAMPLE.iterdir() if folder.name.startswith("20"))
    exports = open_exports(SAMPLE, last, load(find(SAMPLE)), cache_folder())
    engine.steady(exports.con, 0)
    plans: dict = {}
    out = []
    for week in exports.weeks:
        books = Books(exports.known(week), exports.settings, plans)
        out.append((week, looked_at(books)))
        books.close()
    return out


def looked_at(books: Books) -> dict:
    window = books.week.window
    whole = total(books, window)
    cells, wrong = change.cells(books), {}
    for name in ("sku_margin", "family_margin", "channel_margin"):
        groups = frames()[name](books)
        wrong[name] = off(groups[groups["cost_of_goods"].notna()], whole)
    wrong["cells of the change"] = off(cells, whole, "units", "net_revenue", "cost_of_goods", *COMPONENTS, "contribution_margin")
    card = published(books, ("net_revenue", *MARGINS))
    for kpi in ("net_revenue", *MARGINS):
        money = "value" if kpi == "net_revenue" else "numerator"
        expected = whole["all_net"] if kpi == "net_revenue" else whole[kpi]
        for grain, rows in card[card["kpi"] == kpi].groupby("grain"):
            if grain in ("all", "sku", "family", "channel") and not abs(rows[money].sum() - expected) < CENT:
                wrong[f"{kpi} by {grain}"] = {money: rows[money].sum() - expected}
    wrong["orders"], said = orders_off(books, window)
    grains = set(card.loc[card["kpi"] == "contribution_margin", "grain"])
    return {"wrong": wrong, "total": whole, "cells": cells, "profile": change.profile(books), "orders": said, "grains": grains}


def test_every_week_of_the_sample_adds_up(weeks):
    assert [(str(week), what, d) for week, w in weeks for what, d in w["wrong"].items() if d] == []
    assert len(weeks) >= 36 and all(w["total"][c] > 1 for _, w in weeks for c in ("lines", "net_revenue", "shipping", "pick_pack"))
    assert all({"all", "sku", "family", "channel"} <= w["grains"] for _, w in weeks)
    said = sum(w["orders"] for _, w in weeks).drop("n_shipping")  # in its own week no order's carriage is invoiced for good
    assert (said > 100).all(), "every kind of document is there"


def test_every_weeks_change_is_its_parts(weeks):
    """In the store, every family and every channel; what changed is the contribution of the lines less the mean of the weeks before."""
    told = 0
    for i, (week, w) in enumerate(weeks):
        past = [before["cells"] for _, before in weeks[max(0, i - change.HISTORY) : i]]
        rows = change.explain(w["cells"], past, w["profile"])
        if rows.empty:
            assert i < change.ENOUGH, week
            continue
        sums = rows.pivot_table(index=["grain", "key"], columns="kind", values="amount", aggfunc="sum").fillna(0.0)
        assert (sums["baseline"] + sums["part"] - sums["contribution"]).abs().max() < CENT, week
        whole = rows[rows.grain == "all"].set_index("part").amount
        assert abs(whole.contribution_margin - w["total"]["contribution_margin"]) < CENT, week
        assert abs(whole.baseline - sum(c.contribution_margin.sum() for c in past) / len(past)) < CENT, week
        told += 1
    assert told == len(weeks) - change.ENOUGH


def test_the_samples_findings_of_a_leak_and_a_remainder_are_the_leak(sample_results):
    """In cents as they are shown, each finding in one leak; and a leak's parts are its total in every week that was measured."""
    r = sample_results
    rows = by_finding(r.leaks, r.findings[r.findings.state != "resolved"], ledger_rows(r))
    assert set(rows.leak) == set("1234")
    totals = r.leaks[r.leaks.part == "total"].set_index("leak").amount
    assert (rows[~rows.whole].groupby("leak").amount.sum() - totals.reindex(list("1234"))).abs().max() < CENT
    named = rows[~rows.whole & rows.what.isin(r.findings.title)]
    assert len(named) > 4 and not named.what.duplicated().any()
    history = r.leak_history[r.leak_history.amount.notna()]
    totals = history[history.part == "total"].pivot(index="week", columns="leak", values="amount")
    parts = history[history.part.isin([part.name for part in PARTS])]
    parts = parts.pivot_table(index="week", columns="leak", values="amount", aggfunc="sum")
    assert (totals["1-4"] - totals[list("1234")].sum(axis=1)).abs().max() < CENT
    assert (totals[parts.columns] - parts).abs().max().max() < CENT and len(totals) >= 26 and set(parts) >= set("1234")
