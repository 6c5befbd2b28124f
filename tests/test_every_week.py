"""Lines = orders = SKUs = families = channels = total, in every component, to the cent: every week of the sample, and of a million lines.

Lines are added up here; the groups, the total and the change are what the product says of them, and an order what its documents say.
"""

from __future__ import annotations

import sys
from pathlib import Path

import ibis
import pandas as pd
import pytest
from conftest import SAMPLE

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))

import large_store
import order_margin as bench
from opsreview import change, engine
from opsreview.books import Books
from opsreview.evidence import frames
from opsreview.exhibits.leaks import by_finding
from opsreview.facts.orders import orders
from opsreview.facts.shipments import charges
from opsreview.intake.store import open_exports
from opsreview.leaks import PARTS
from opsreview.margin import COMPONENTS, by_sku, costed_lines, order_margin, tickets
from opsreview.measure import cache_folder
from opsreview.scorecard import published
from opsreview.settings import find, load
from opsreview.weeks import Week, Window

CENT = 0.005
MONEY = ("net_revenue", "cost_of_goods", "gross_margin", *COMPONENTS, "contribution_margin")
MARGINS = ("gross_margin", "contribution_margin")


def total(books: Books, window: Window) -> pd.Series:
    """The costed lines of a window, added up, and the net revenue of all of them."""
    t = order_margin(books, window)
    sums = {c: t[c].sum(where=t.costed) for c in ("units", *MONEY)}
    return books.frame(("total", *since(books, window)), lambda: t.aggregate(lines=t.count(), all_net=t.net_revenue.sum(), **sums)).iloc[0]


def since(books: Books, window: Window) -> tuple[int, int]:
    """A window as days from the week's end: what queries of two weeks share."""
    return (window.start - books.week.end).days, window.days


def off(groups: pd.DataFrame, whole: pd.Series, *columns: str) -> dict[str, float]:
    """The columns whose groups do not add up to the whole, and by how much."""
    return {c: d for c in columns or ("units", *MONEY) if not abs(d := groups[c].sum() - whole[c]) < CENT}


def of_orders(books: Books, window: Window) -> ibis.Table:
    """One row an order of the window: a component by its lines and (`said_…`) by its own documents, empty where it has none of them."""
    t, o, k, raw, s = costed_lines(books, window), orders(books), tickets(books), books.table("order_lines"), books.table("shipments")
    lines = t.group_by("order_id").aggregate(
        net=t.net_revenue.sum(), payment=t.payment.sum(), channel_fees=t.channel_fees.sum(), shipping=t.shipping.sum(),
        tickets=(t.support - t.support_accrued).sum(), invoiced=(t.shipping_provenance == "invoiced").all(),
    )  # fmt: skip
    raw = raw.mutate(units=ibis.greatest(raw.quantity - raw.cancelled_quantity.fill_null(0.0), 0.0))
    goods = raw.group_by("order_id").aggregate(goods=(raw.units * raw.unit_price - raw.line_discount.fill_null(0.0)).sum())
    billed = s.join(charges(books), "shipment_id").group_by("order_id").aggregate(billed=lambda b: b.charged.sum())
    asked = k.group_by("order_id").aggregate(asked=k.money.sum())
    own = o.select("order_id", "rate", "shipping_charged", "order_discount", payment_own="payment_fee", channel_own="channel_fee")
    for more in (own, goods, billed, asked):
        lines = lines.left_join(more, "order_id").drop("order_id_right")
    return lines.select(
        "net", "payment", "channel_fees", "shipping", "tickets",
        said_net=lines.goods * lines.rate - lines.order_discount + lines.shipping_charged,
        said_payment=lines.payment_own,
        said_channel_fees=lines.channel_own,
        said_shipping=ibis.ifelse(lines.invoiced, lines.billed, None),
        said_tickets=lines.asked.fill_null(0.0),
    )  # fmt: skip


def orders_off(books: Books, window: Window) -> tuple[dict[str, float], pd.Series]:
    """The components of which some order's lines do not come to what the order says, by how much at most; orders that say each."""
    names = ("net", "payment", "channel_fees", "shipping", "tickets")

    def asked() -> ibis.Table:
        t = of_orders(books, window)
        worst = {c: (t[c] - t[f"said_{c}"]).abs().max().fill_null(0.0) for c in names}
        return t.aggregate(**worst, **{f"n_{c}": t[f"said_{c}"].count() for c in names})

    found = books.frame(("orders", *since(books, window)), asked).iloc[0]
    return {c: found[c] for c in names if not found[c] < CENT}, found[[f"n_{c}" for c in names]]


# ---- the sample ----------------------------------------------------------------------------------------------------------------


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
    rows = by_finding(r.leaks, r.findings[r.findings.state != "resolved"])
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


# ---- a million lines -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Books:
    folder = tmp_path_factory.mktemp("million")
    large_store.write(folder / "exports", 1_000_000)
    found = bench.exports(folder)
    engine.steady(found.con, 1_000_000)
    return Books(found.known(large_store.LAST), found.settings)


def test_every_week_of_a_million_lines_adds_up(store):
    """Each week as the last one knows it."""
    lines, said, wrong = 0, 0, []
    for ago in range(large_store.WEEKS):
        week = large_store.LAST - ago
        whole = total(store, week.window)
        lines += whole["lines"]
        assert all(whole[c] > 1000 for c in MONEY), week
        d = off(by_sku(store, week.window).to_pandas(), whole)
        own, documents = orders_off(store, week.window)
        wrong += [(str(week), d, own)] if d or own else []
        said += documents
    assert wrong == [] and lines > 950_000
    assert (said > 10_000).all(), "every kind of document is there"


@pytest.mark.parametrize("frame", ["sku_margin", "family_margin", "channel_margin"])
def test_the_last_weeks_tables_are_its_lines(store, frame):
    groups = frames()[frame](store)
    assert off(groups[groups["cost_of_goods"].notna()], total(store, store.week.window)) == {}
