"""Checks of plan and stock by hand: each fires just beyond its line, not on it, and not without its tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fake_known import WEEK, context
from hand_shop import (
    FREE,
    ago,
    entities,
    inbound,
    plan,
    product,
    run,
    shipped,
    shop,
    sold,
    stock,
    together,
    weekly,
)
from opsreview.checks.plan import beyond_by_chance, plan_vs_actual, variance_to_mean


def test_variance_fires_beyond_what_volume_explains_and_not_before():
    # 140 sold. Of 116 planned that is 20.7 % off where 1.96·√(1/116) = 18.2 % is chance; of 119, 17.6 % where 18.0 % is.
    assert entities("sku_demand_variance", shop(demand_plan=plan(116))) == ["A"]
    assert entities("sku_demand_variance", shop(demand_plan=plan(119))) == []


def test_variance_short_costs_margin_and_over_costs_carrying():
    short = run("sku_demand_variance", shop(demand_plan=plan(100)))
    assert short["impact"].tolist() == pytest.approx([40 * 6])
    over = run("sku_demand_variance", shop(demand_plan=plan(240)), floor=1)
    assert over["impact"].tolist() == pytest.approx([100 * 4 * 0.10 / 26])
    assert over["decision"].tolist() == ["rebalance_inbound"]
    assert entities("sku_demand_variance", shop(demand_plan=plan(240))) == []  # below the floor


@pytest.mark.parametrize(("units", "fires"), [(10, True), (9, False)])
def test_variance_counts_sales_without_a_plan_from_ten_units(units, fires):
    tables = together(
        shop(demand_plan=plan(140)),
        {"products": [product("B", 4)]},
        sold("B", 1, range(1, 1 + units), price=100),
        {"inventory": stock("B")},
    )
    assert entities("sku_demand_variance", tables) == (["B"] if fires else [])


def test_variance_is_silent_without_plan_or_in_a_window_not_exported():
    assert entities("sku_demand_variance", shop()) == []
    assert entities("sku_demand_variance", shop(demand_plan=plan(70)), gaps={("order_lines", WEEK - 1)}) == []
    assert entities("sku_demand_variance", shop(demand_plan=plan(70)), weeks=1) == []


def test_spread_of_customers_who_come_by_chance_is_one_and_of_those_who_come_in_threes_is_three():
    rng, level = np.random.default_rng(3), np.linspace(3, 60, 60)[:, None]
    season = np.linspace(0.6, 1.6, 13)[None, :]  # a growing store is no surprise to a plan
    poisson = rng.poisson(level * season)
    assert variance_to_mean(context(weekly(poisson)).books) == pytest.approx(1.0, abs=0.15)
    threes = 3 * rng.poisson(level * season / 3)
    assert variance_to_mean(context(weekly(threes)).books) == pytest.approx(3.0, abs=0.5)


def test_spread_is_the_median_skus_and_one_gone_wild_does_not_excuse_itself():
    rng = np.random.default_rng(5)
    units = rng.poisson(np.full((40, 13), 20.0))
    units[0, -2:] += 60
    assert variance_to_mean(context(weekly(units)).books) < 1.2


def test_chance_alone_puts_slow_skus_beyond_the_rule():
    share = beyond_by_chance(pd.Series([4.0, 1000.0]), pd.Series([1.0, 1.0]))
    # Of 4 planned only 4 sold is within 10 %: Poisson(4) says 4 in 19.5 % of cases.
    assert share[0] == pytest.approx(1 - 0.1954, abs=1e-3)
    assert share[1] < 0.002


def test_plan_evidence_compares_like_with_like():
    tables = together(shop(demand_plan=plan(100) + plan(14, "B")), {"products": [product("B")]}, sold("B", 1))
    rows, summary = plan_vs_actual(context(tables, settings={"costs": FREE}).books)
    assert rows.set_index("sku")["flagged"].to_dict() == {"A": True, "B": False}
    assert rows.set_index("sku")["beyond_rule"].to_dict() == {"A": True, "B": False}
    one = summary.iloc[0]
    assert (one["catalog_size"], one["share_beyond_rule"], one["share_flagged"]) == (2, 0.5, 0.5)
    assert one["revenue_share_flagged"] == pytest.approx(1400 / 1540)
    assert 0 < one["share_by_chance"] < 1


@pytest.mark.parametrize(("available", "fires"), [(140, True), (141, False)])
def test_oos_risk_fires_at_a_half(available, fires):
    # 140 asked for in 14 days by chance: P(at least 140) = 0.511, P(at least 141) = 0.478.
    assert entities("oos_risk", shop(available), floor=10) == (["A@BER"] if fires else [])


def test_oos_risk_costs_expected_units_and_suggests_a_transfer_where_another_place_can_spare_them():
    row = run("oos_risk", shop(40)).iloc[0]
    assert row["impact"] == pytest.approx(100 * 6, rel=1e-3)
    assert row["decision"] == "expedite"
    row = run("oos_risk", together(shop(40), {"inventory": stock(location="RTM", on_hand=900)}, shipped())).iloc[0]
    assert (row["entity"], row["decision"]) == ("A@BER", "transfer")


def test_oos_risk_believes_inbound_and_is_silent_without_stock_or_history():
    coming = [inbound(quantity_ordered=200, eta=ago(-2), original_eta=ago(-2))]
    assert entities("oos_risk", shop(40, inbound=coming)) == []
    tables = shop(40)
    assert entities("oos_risk", {k: v for k, v in tables.items() if k != "inventory"}) == []
    assert entities("oos_risk", tables, gaps={("inventory", WEEK - 2)}) == []


@pytest.mark.parametrize(("available", "fires"), [(700, True), (699, False)])
def test_excess_is_what_is_above_the_tiers_days(available, fires):
    # 45 days at 10 a day are enough for an A; 250 more at 4 each are worth 1,000.
    found = run("excess_stock", shop(available))
    assert found["entity"].tolist() == (["A"] if fires else [])
    if fires:
        assert found["impact"].tolist() == pytest.approx([1000 * 0.10 / 52])
        assert found["decision"].tolist() == ["markdown"]


def test_excess_with_more_on_its_way_is_for_the_buyer():
    coming = [inbound(quantity_ordered=200, eta=ago(-20))]
    assert run("excess_stock", shop(900, inbound=coming))["decision"].tolist() == ["rebalance_inbound"]


@pytest.mark.parametrize(
    ("on_hand", "since", "last_sale", "fires"),
    [(125, 120, None, True), (124, 120, None, False), (125, 80, None, False), (125, 120, 50, False)],
)
def test_dead_stock_is_old_unsold_and_worth_500(on_hand, since, last_sale, fires):
    tables = together(shop(), {"products": [product("B")], "inventory": stock("B", on_hand, range(1, since))})
    if last_sale:
        tables = together(tables, sold("B", 1, range(last_sale, last_sale + 1)))
    found = run("dead_stock", tables)
    assert found["entity"].tolist() == (["B"] if fires else [])
    if fires:
        assert found["impact"].tolist() == pytest.approx([500 * 0.10 / 52])
        assert found["members"].tolist() == ["BER"]


@pytest.mark.parametrize(("wms", "wms_days", "fires"), [(94, range(1, 29), True), (95, range(1, 29), False), (94, range(3, 29), False)])
def test_systems_disagree_beyond_five_units_in_snapshots_a_day_apart(wms, wms_days, fires):
    tables = together(
        {"products": [product()]}, sold(), {"inventory": stock(on_hand=100, system="erp") + stock(on_hand=wms, days=wms_days)}
    )
    assert entities("erp_wms_mismatch", tables, floor=10) == (["A@BER"] if fires else [])


def test_units_the_wms_does_not_have_cost_the_sales_they_would_have_served():
    tables = together({"products": [product()]}, sold(), {"inventory": stock(on_hand=100, system="erp") + stock(on_hand=60)})
    carried = 40 * 4 * 0.10 / 52
    assert run("erp_wms_mismatch", tables)["impact"].tolist() == pytest.approx([carried + 40 * 6], rel=1e-3)
    more = together({"products": [product()]}, sold(), {"inventory": stock(on_hand=60, system="erp") + stock(on_hand=100)})
    assert run("erp_wms_mismatch", more, floor=0)["impact"].tolist() == pytest.approx([carried])
