"""What must hold whatever the store: every cent of a component is somewhere once, a plan is its query, a past week is its own run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import random_store
from helpers_store import copy, made
from opsreview import leaks
from opsreview.books import Books
from opsreview.evidence import frames
from opsreview.intake.store import Exports, open_exports
from opsreview.judgement import KEY
from opsreview.margin import COMPONENTS, order_margin
from opsreview.results import open_results
from opsreview.scorecard import scorecard

CENT = 0.005
EVERY = ("units", "net_revenue", "cost_of_goods", "gross_margin", *COMPONENTS, "contribution_margin")
LAST = random_store.LAST


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


def opened(folder: Path, seed: int, cache: Path, **size: int) -> Exports:
    week = random_store.write(folder, seed, **size)
    return open_exports(folder, week, random_store.settings(seed), cache)


# ---- every cent is somewhere once ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=(3, 4), ids="seed {}".format)
def books(request, cache, tmp_path_factory):
    exports = opened(tmp_path_factory.mktemp("store"), request.param, cache, weeks=14, orders_per_week=30)
    return Books(exports.known(LAST), exports.settings)


@pytest.fixture(scope="module")
def lines(books) -> pd.DataFrame:
    return order_margin(books, books.week.window).to_pandas()


@pytest.fixture(scope="module")
def card(books) -> pd.DataFrame:
    return scorecard(books)[0].set_index(KEY)


@pytest.mark.parametrize("frame", ["sku_margin", "family_margin", "channel_margin"])
def test_lines_are_skus_are_families_are_channels_in_every_component(books, lines, frame):
    """Of the lines whose cost is known; net revenue of the others stands beside them."""
    costed = lines[lines["cost_of_goods"].notna()]
    groups = frames()[frame](books)
    groups = groups[groups["cost_of_goods"].notna()] if frame == "sku_margin" else groups
    for component in EVERY:
        assert abs(groups[component].sum() - costed[component].sum()) < CENT, component
    assert abs(costed["contribution_margin"].sum()) > 1  # there is something to add up


def test_lines_add_up_to_orders_in_what_orders_say_themselves(books, lines):
    """Discounts, shipping charged and fees of an order reach its lines whole."""
    orders = books.table("orders").to_pandas().set_index("order_id")
    per_order = lines.groupby("order_id")[["net_revenue", "payment", "channel_fees"]].sum()
    goods = books.table("order_lines").to_pandas()
    goods["units"] = (goods["quantity"] - goods["cancelled_quantity"].fillna(0)).clip(lower=0)
    goods["money"] = goods["units"] * goods["unit_price"] - goods["line_discount"].fillna(0)
    own = orders.loc[per_order.index]
    expected = (
        goods.groupby("order_id")["money"].sum().reindex(own.index) - own["order_discount"].fillna(0) + own["shipping_charged"].fillna(0)
    )
    pd.testing.assert_series_equal(per_order["net_revenue"], expected * own["rate"], check_names=False, atol=CENT, rtol=0)
    for component, fee in (("payment", "payment_fee"), ("channel_fees", "channel_fee")):
        paid = own[own[fee].notna()]
        assert len(paid)
        pd.testing.assert_series_equal(per_order.loc[paid.index, component], paid[fee] * paid["rate"], check_names=False, atol=CENT, rtol=0)


def test_a_margin_is_net_revenue_less_every_component(lines):
    costed = lines[lines["cost_of_goods"].notna()]
    gross = costed["net_revenue"] - costed["cost_of_goods"]
    pd.testing.assert_series_equal(costed["gross_margin"], gross, check_names=False)
    pd.testing.assert_series_equal(costed["contribution_margin"], gross - costed[list(COMPONENTS)].fillna(0).sum(axis=1), check_names=False)
    assert lines.loc[lines["cost_of_goods"].isna(), ["gross_margin", "contribution_margin"]].isna().all().all()


@pytest.mark.parametrize("kpi", ["net_revenue", "gross_margin", "contribution_margin"])
@pytest.mark.parametrize("grain", ["family", "sku", "channel"])
def test_the_figures_are_the_lines(lines, card, kpi, grain):
    rows = lines if kpi == "net_revenue" else lines[lines["cost_of_goods"].notna()]
    money = "value" if kpi == "net_revenue" else "numerator"
    found = card.loc[(kpi, grain)][money]
    expected = rows.groupby(grain)[kpi].sum()
    pd.testing.assert_series_equal(found.sort_index(), expected.sort_index(), check_names=False, check_index_type=False, atol=CENT, rtol=0)
    assert abs(found.sum() - card.loc[(kpi, "all", ""), money]) < CENT


@pytest.mark.parametrize(
    ("kpi", "grain"),
    [
        ("in_stock_rate", "location"), ("in_stock_rate", "family"), ("in_stock_rate", "tier"), ("in_stock_rate_weighted", "tier"),
        ("days_of_supply", "tier"), ("days_of_supply", "family"), ("forecast_bias_14d", "family"), ("forecast_bias_30d", "cluster"),
        ("forecast_accuracy_14d", "category"), ("pick_pack_accuracy", "location"), ("rework_rate", "location"),
        ("on_time_ship_rate", "location"), ("on_time_ship_rate", "carrier"), ("on_time_ship_rate", "service"),
        ("carrier_exception_rate", "carrier"), ("on_time_delivery_rate", "service"), ("perfect_order_rate", "location"),
        ("return_rate_cohort", "family"), ("return_rate_cohort", "sku"), ("return_rate", "family"), ("oos_risk_14d", "tier"),
    ],
)  # fmt: skip
def test_groups_add_up_to_the_whole(card, kpi, grain):
    """Of a figure each of whose rows has one key at the grain: numerators and denominators."""
    whole = card.loc[(kpi, "all", "")]
    assert whole["value"] == whole["value"]
    for part in ("numerator", "denominator"):
        if whole[part] == whole[part]:
            assert card.loc[(kpi, grain), part].sum() == pytest.approx(whole[part]), part


# ---- a plan is its query -------------------------------------------------------------------------------------------------------


def figures(books: Books) -> dict[str, pd.DataFrame]:
    published, charted, missing = scorecard(books)
    out = {"published": published, "charted": charted, "leaks": leaks.measured(books), "cells": leaks.cells(books)}
    out["missing"] = pd.DataFrame([(k, str(v)) for k, v in sorted(missing.items())])
    books.close()
    return out


@pytest.mark.parametrize(
    ("seed", "newest_first"), [(2, False), (5, True)], ids=["tables miss weeks, oldest first", "tables miss weeks, newest first"]
)
def test_a_week_by_plans_of_other_weeks_is_what_it_is_by_its_own(cache, tmp_path, seed, newest_first):
    """Every week of a store in which tables come and go: compiled once and asked again, or compiled for the week alone."""
    exports = opened(tmp_path, seed, cache, weeks=9)
    plans: dict = {}
    for week in sorted(exports.weeks, reverse=newest_first):
        known, settings = exports.known(week), exports.settings
        if known.stopped:
            continue
        shared, fresh = figures(Books(known, settings, plans)), figures(Books(known, settings))
        for name, frame in fresh.items():
            by = [c for c in ("kpi", "grain", "key", "leak", "part", "zone", "band") if c in frame]
            sorted_ = [f.sort_values(by, ignore_index=True) if by else f for f in (frame, shared[name])]
            pd.testing.assert_frame_equal(*sorted_, obj=f"{week} {name}", rtol=1e-12)
    reused = sum(len(p) for p in plans.values())
    assert reused < len(plans) * len(exports.weeks) / 2  # plans are indeed asked again


def test_closed_books_leave_nothing_behind(cache, tmp_path):
    exports = opened(tmp_path, 0, cache, weeks=7)
    figures(Books(exports.known(LAST), exports.settings))
    assert [t for t in exports.con.list_tables() if t.startswith("books")] == []


# ---- a past week is its own run ------------------------------------------------------------------------------------------------


def test_the_past_is_what_its_own_run_said(tmp_path, monkeypatch):
    """`previous`, the histories and the ledger of W, against runs of the weeks before on folders that end with them."""
    exports = made(tmp_path / "exports", seed=2, weeks=9)
    monkeypatch.setenv("OPSREVIEW_CACHE", str(tmp_path / "cache"))
    now = open_results(exports)
    for ago in (1, 3):
        week = LAST - ago
        monkeypatch.setenv("OPSREVIEW_CACHE", str(tmp_path / f"cache-{ago}"))
        then = open_results(copy(exports, tmp_path / f"exports-{ago}", upto=week))
        assert then.week == week
        if ago == 1:
            both = now.kpis.merge(then.kpis, on=KEY, how="left", suffixes=("", "_then"))
            pd.testing.assert_series_equal(both["previous"], both["value_then"], check_names=False, rtol=1e-12)
            assert both["previous"].notna().sum() > 50
        for frame, keys in (("history", [*KEY, "week"]), ("leak_history", ["week", "leak", "part"])):
            columns = ["value"] if frame == "history" else ["amount", "basis_points", "baseline", "units"]
            said = [getattr(r, frame).query("week <= @week", local_dict={"week": str(week)}).set_index(keys)[columns] for r in (now, then)]
            pd.testing.assert_frame_equal(said[0].sort_index(), said[1].sort_index(), rtol=1e-12)
            assert len(said[0])
