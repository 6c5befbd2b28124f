"""What must hold whatever the store: lines add up to orders and orders to the total; shares of one whole add up to it."""

import math

import oracle
import pytest
import random_store
from oracle.margin import COMPONENTS, advertising
from oracle.pick_pack import labor, rates, work
from oracle.sales import lines, orders, sold, tiers
from oracle.shipping import order_shipping
from oracle.stock import demand, excess, shares, stock_now


@pytest.fixture(scope="module", params=range(6), ids="seed {}".format)
def known(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    return oracle.read(folder, random_store.write(folder, request.param), random_store.settings(request.param))


def near(a, b):
    return a == pytest.approx(b, abs=1e-9)


def test_net_revenue_is_that_of_the_orders(known):
    """Units × price − line discounts − order discounts + shipping charged, order by order, without any allocation."""
    total = 0.0
    for order in known["orders"]:
        own = [x for x in lines(known) if x.order_id == order.order_id]
        if own and known.week.window.start <= order.day < known.week.window.end:
            goods = sum(x.units * x.unit_price - (x.line_discount or 0) for x in own)
            total += order.rate * (goods - (order.order_discount or 0) + (order.shipping_charged or 0))
    assert near(sum(r.net_revenue for r in oracle.order_margin(known)), total)


def test_shipping_is_that_of_the_orders(known):
    margin = oracle.order_margin(known)
    for order_id in {r.order_id for r in margin}:
        cost, _ = order_shipping(known, orders(known)[order_id])
        assert near(sum(r.shipping for r in margin if r.order_id == order_id), cost)


def test_fees_that_were_paid_are_those_of_the_orders(known):
    margin = oracle.order_margin(known)
    for order_id in {r.order_id for r in margin}:
        order, own = orders(known)[order_id], [r for r in margin if r.order_id == order_id]
        if order.payment_fee is not None:
            assert near(sum(r.payment for r in own), order.rate * order.payment_fee)
        if order.channel_fee is not None:
            assert near(sum(r.channel_fees for r in own), order.rate * order.channel_fee)


def test_the_stack_adds_up(known):
    for r in oracle.order_margin(known):
        if r.cost_of_goods is not None:
            costs = sum(r[c] for c in oracle.margin.COSTS)
            assert near(r.contribution_margin, r.net_revenue - r.cost_of_goods - costs)


def test_skus_add_up_to_the_lines(known):
    for component in COMPONENTS:
        of_lines = sum(r[component] for r in oracle.order_margin(known) if r[component] is not None)
        assert near(sum(r[component] for r in oracle.sku_margin(known) if r[component] is not None), of_lines)


def test_labor_where_somebody_picked_is_borne_by_what_was_picked(known):
    """At a place with a line rate and a unit rate: lines × rate + units × rate + rework = its labor."""
    week = known.week.window
    for location, rate in rates(known, week)[0].items():
        there = [w for w in work(known, week) if w.location == location]
        handled = rate.line * len({w.line for w in there}) + rate.unit * sum(w.quantity for w in there) + sum(w.rework for w in there)
        if sum(w.quantity for w in there):
            assert near(handled, labor(known, week)[location].cost)


def test_groups_add_up(known):
    """Of figures whose rows have one key each: numerators and denominators of the groups add up to the whole."""
    table = oracle.kpis(known)
    split = {
        "family": ["forecast_bias_14d", "in_stock_rate", "return_rate", "return_rate_cohort", "contribution_margin", "days_of_supply"],
        "channel": ["return_rate_cohort", "net_revenue", "contribution_margin"],
        "tier": ["forecast_bias_30d", "in_stock_rate", "in_stock_rate_weighted", "days_of_supply", "oos_risk_14d"],
        "location": ["in_stock_rate", "pick_pack_accuracy", "rework_rate", "on_time_ship_rate", "perfect_order_rate"],
        "service": ["on_time_ship_rate", "carrier_exception_rate", "on_time_delivery_rate"],
    }  # fmt: skip
    for grain, names in split.items():
        for name in names:
            one = table[table["kpi"] == name]
            whole = one[one["grain"] == "all"].iloc[0]
            for part in ("numerator", "denominator"):
                if not math.isnan(whole[part]):
                    assert near(one.loc[one["grain"] == grain, part].sum(), whole[part]), f"{name} by {grain}: {part}"


def test_a_value_is_what_its_parts_say(known):
    for r in oracle.kpis(known).dropna(subset=["value", "numerator", "denominator"]).itertuples():
        said = r.numerator / r.denominator
        assert near(r.value, max(0.0, 1 - said) if r.kpi.startswith("forecast_accuracy") else said), r


def test_tiers_hold_their_shares(known):
    units, found = sold(known, known.trailing(91)), tiers(known)
    falling = [sku for tier in "ABCN" for sku in sorted((s for s in found if found[s] == tier), key=lambda s: (-units[s], s))]
    assert falling == sorted(found, key=lambda s: (-units[s], s)), "tiers follow the units"
    total = sum(units.values())
    in_a = [units[s] for s in found if found[s] == "A"]
    assert sum(in_a) >= 0.8 * total > sum(in_a) - min(in_a), "the SKU that reaches 80 % is the last in A"


def test_shares_of_demand_add_up(known):
    for sku in {sku for sku, _ in stock_now(known)}:
        assert near(sum(share for (s, _), share in shares(known).items() if s == sku), 1.0)


def test_excess_is_in_stock(known):
    available = {}
    for (sku, _), row in stock_now(known).items():
        available[sku] = available.get(sku, 0.0) + row.available
    for sku, units in excess(known).items():
        assert 0 <= units <= available.get(sku, 0.0) and sku in demand(known)


def test_leaks_add_up(known):
    table = oracle.leaks(known).set_index(["leak", "part"])["amount"]
    for leak, parts in oracle.leaks_parts.items():
        said = [table[leak, p] for p in parts if not math.isnan(table[leak, p])]
        assert (math.isnan(table[leak, "total"]) and not said) or near(table[leak, "total"], sum(said))
    totals = [table[leak, "total"] for leak in "1234"]
    assert near(table["1-4", "total"], sum(t for t in totals if not math.isnan(t)))


def test_all_advertising_is_somewhere_by_channel(known):
    channels = {a.channel for a in known["ad_spend"]}
    assert near(sum(advertising(known, "channel", c) for c in channels), advertising(known))


def test_later_folders_change_no_past_week(known):
    """What a run of an earlier week knows does not depend on what came after."""
    earlier = known.at(known.week - 3)
    assert {w for _, w in earlier.exported} == {known.first + i for i in range((earlier.week.monday - known.first.monday).days // 7 + 1)}
    as_of = earlier.week.as_of(known.settings.timezone)
    assert all(s.delivered_at is None or s.delivered_at < as_of for s in earlier["shipments"])
    assert all(o.ordered_at < as_of for o in earlier["orders"])
