"""Set 8: order-level contribution margin, a line at a time."""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean

from opsreview.weeks import Window

from .figures import grouped, ratio
from .pick_pack import line_costs
from .read import Known, Row, inside, once
from .returns import matched
from .sales import category, family, lines, orders, product, tier
from .shipping import order_shipping

COSTS = ("packaging", "shipping", "pick_pack", "payment", "channel_fees", "support", "returns_reserve")
COMPONENTS = ("net_revenue", "cost_of_goods", "gross_margin", *COSTS, "contribution_margin")
FINAL = ("restock", "refurbish", "liquidate", "write_off")


def shares(bases: list[float], units: list[float]) -> list[float]:
    """ "Shares are taken by the base named; a negative base counts as 0; where all bases of an order are 0, by units; where those are 0
    too, by lines." """
    for weights in ([max(0.0, base) for base in bases], units, [1.0] * len(units)):
        if sum(weights) > 0:
            return [w / sum(weights) for w in weights]
    return []


@once
def revenue(known: Known) -> dict[str, list[Row]]:
    """Order -> its lines, with net revenue in the reporting currency.

    "units × unit_price − line_discount − its share of `order_discount` + its share of `shipping_charged`; base: units × unit_price −
    line_discount" """
    by_order: dict[str, list[Row]] = defaultdict(list)
    for line in lines(known):
        by_order[line.order_id].append(Row(line))
    for order_id, own in by_order.items():
        order = orders(known)[order_id]
        bases = [x.units * x.unit_price - (x.line_discount or 0) for x in own]
        for x, base, share in zip(own, bases, shares(bases, [x.units for x in own]), strict=True):
            x.net_revenue = order.rate * (base - share * (order.order_discount or 0) + share * (order.shipping_charged or 0))
    return by_order


def weight(known: Known, sku: str) -> float | None:
    """ "max(weight_kg, length×width×height/5000 where all three are given)"; None where weight_kg is empty."""
    p = product(known, sku)
    if p.weight_kg is None:
        return None
    sides = (p.length_cm, p.width_cm, p.height_cm)
    return p.weight_kg if None in sides else max(p.weight_kg, sides[0] * sides[1] * sides[2] / 5000)


def ticket_cost(known: Known, ticket: Row) -> float:
    """ "(`handle_minutes` × `costs.support_per_minute` where cost is empty)" """
    return ticket.cost if ticket.cost is not None else (ticket.handle_minutes or 0) * known.settings.costs.support_per_minute


@once
def tickets(known: Known) -> dict[str, float]:
    """Order -> "cost of the tickets opened before `as_of` on the order" """
    found: dict[str, float] = defaultdict(float)
    for ticket in known["support_tickets"]:
        if ticket.order_id is not None:
            found[ticket.order_id] += ticket_cost(known, ticket)
    return found


@once
def usual_ticket_cost(known: Known) -> dict[str, float]:
    """Channel -> "the mean ticket cost per order of the orders of its channel in the 28 days that ended 28 days before `as_of`"; without
    tickets in W's export, as of the last week that had them."""
    last = known.last("support_tickets")
    if last is None:
        return {}
    costs = defaultdict(list)
    for order in orders(known).values():
        if inside(order.day, last.trailing(28, ended_days_ago=28)) and not order.cancelled:
            costs[order.channel].append(tickets(known).get(order.order_id, 0.0))
    return {channel: fmean(of) for channel, of in costs.items()}


def value_back(known: Known, r: Row) -> float:
    """ "value got back = quantity × unit_cost when restocked, else recovered_value (0 where empty)" """
    return r.quantity * (product(known, r.sku).unit_cost or 0) if r.disposition == "restock" else (r.recovered_value or 0)


@once
def reserve_rates(known: Known) -> dict[tuple, float]:
    """("sku", SKU, channel), ("family", family, channel), ("channel", channel), ("all",) -> r.

    "r = Σ return cost / Σ net revenue over the lines sold in the 56 days that ended 28 days before `as_of`, by SKU and channel where that
    cohort has 30 units or more; else by family and channel; else by channel; else of all". "Return cost of a returned line = refund_amount
    + reverse_shipping_cost + handling_cost − value got back; … a return still pending is valued as the finally disposed returns of the
    cohort were on average" """
    last = known.last("returns")
    if last is None:
        return {}
    cohort = [x for own in revenue(known).values() for x in own if inside(x.day, last.trailing(56, ended_days_ago=28))]
    back = {(x.order_id, x.line_id): matched(known).get((x.order_id, x.line_id), []) for x in cohort}
    final = [r for own in back.values() for r in own if r.disposition in FINAL]
    quantity = sum(r.quantity for r in final)
    usual = sum(value_back(known, r) for r in final) / quantity if quantity else 0.0
    units, net, cost = defaultdict(float), defaultdict(float), defaultdict(float)
    for x in cohort:
        own = 0.0
        for r in back[x.order_id, x.line_id]:
            got_back = value_back(known, r) if r.disposition in FINAL else r.quantity * usual
            own += x.rate * (r.refund_amount or 0) + (r.reverse_shipping_cost or 0) + (r.handling_cost or 0) - got_back
        for level in levels(known, x):
            units[level] += x.units
            net[level] += x.net_revenue
            cost[level] += own
    return {level: cost[level] / net[level] for level in net if net[level] > 0 and (units[level] >= 30 or level == ("all",))}


def levels(known: Known, x: Row) -> list[tuple]:
    return [("sku", x.sku, x.channel), ("family", family(known, x.sku), x.channel), ("channel", x.channel), ("all",)]


@once
def order_margin(known: Known, window: Window | None = None) -> list[Row]:
    """One row a line of the window's orders (W's by default) that are not cancelled, with every component."""
    window = window or known.week.window
    costs, rates, handling = known.settings.costs, reserve_rates(known), line_costs(known, window)
    found = []
    for order_id, own in revenue(known).items():
        order = orders(known)[order_id]
        if not inside(order.day, window):
            continue
        units = [x.units for x in own]
        by_units = shares(units, units)
        by_net = shares([x.net_revenue for x in own], units)
        weights = [weight(known, x.sku) for x in own]
        by_weight = by_units if None in weights else shares([u * w for u, w in zip(units, weights, strict=True)], units)
        shipping, provenance = order_shipping(known, order)
        support = tickets(known).get(order_id, 0.0)
        to_come = max(0.0, usual_ticket_cost(known).get(order.channel, 0.0) - support)
        channel_rate = costs.channel_rate.get(order.channel, 0.0)
        for i, x in enumerate(own):
            p, picking = product(known, x.sku), handling[order_id, x.line_id]
            row = Row(order_id=order_id, line_id=x.line_id, sku=x.sku, family=family(known, x.sku), channel=order.channel, units=x.units)
            row.net_revenue = x.net_revenue
            row.cost_of_goods = None if p.unit_cost is None else x.units * p.unit_cost
            row.packaging = x.units * (p.packaging_cost or 0)
            row.shipping = shipping * by_weight[i]
            row.pick_pack, row.rework = picking.cost, picking.rework
            if order.payment_fee is not None:
                row.payment = order.rate * order.payment_fee * by_net[i]
            else:
                row.payment = costs.payment_rate * x.net_revenue + costs.payment_fixed * by_net[i]
            if order.channel_fee is not None:
                row.channel_fees = order.rate * order.channel_fee * by_net[i]
            else:
                row.channel_fees = channel_rate * x.net_revenue
            row.support = (support + to_come) * by_units[i]
            r = next((rates[level] for level in levels(known, x) if level in rates), 0.0)
            row.returns_reserve = x.net_revenue * r
            row.gross_margin = None if row.cost_of_goods is None else row.net_revenue - row.cost_of_goods
            row.contribution_margin = None if row.gross_margin is None else row.gross_margin - sum(row[c] for c in COSTS)
            row.shipping_provenance = provenance
            row.accrued = row.returns_reserve + to_come * by_units[i]
            row.accrued += row.shipping if provenance == "accrued" else 0.0
            row.accrued += row.pick_pack - row.rework if picking.provenance == "accrued" else 0.0
            found.append(row)
    return found


def of_revenue(money: float, net: float) -> tuple:
    """Reading 28: a share of net revenue is n/a where that is not above 0."""
    return (money / net if net > 0 else None, money, net)


def margin_share(part: str):
    """ "value = share, numerator = the money, denominator = net revenue"; "Lines without `unit_cost` … are left out of margin and of the
    net revenue of every margin figure" """

    def share(rows: list[Row]) -> tuple:
        costed = [r for r in rows if r.cost_of_goods is not None]
        return of_revenue(sum(r[part] for r in costed), sum(r.net_revenue for r in costed))

    return share


def advertising(known: Known, grain: str = "all", key: str = "") -> float:
    """ "ad_spend of W: all: all of it; channel: that channel's; family: rows of the family and of its SKUs; sku: rows of the SKU" """
    rows = [a for a in known["ad_spend"] if inside(a.spend_date, known.week.window)]
    if grain == "channel":
        rows = [a for a in rows if a.channel == key]
    if grain == "sku":
        rows = [a for a in rows if a.sku == key]
    if grain == "family":
        rows = [a for a in rows if (family(known, a.sku) if a.sku is not None else a.family) == key]
    return sum(a.amount for a in rows)


@once
def false_confidence(known: Known) -> set[str]:
    """ "over T28 and from 20 units on: gross margin at or above `targets.gross_margin` and contribution margin below
    `targets.contribution_margin`" """
    by_sku = defaultdict(list)
    for row in order_margin(known, known.trailing(28)):
        if row.cost_of_goods is not None:
            by_sku[row.sku].append(row)
    gross_target, target = (known.settings.targets[k].ok for k in ("gross_margin", "contribution_margin"))
    found = set()
    for sku, rows in by_sku.items():
        gross, contribution = margin_share("gross_margin")(rows)[0], margin_share("contribution_margin")(rows)[0]
        if sum(r.units for r in rows) >= 20 and gross is not None and gross >= gross_target and contribution < target:
            found.add(sku)
    return found


def sku_margin(known: Known) -> list[Row]:
    """One row a SKU of W's lines, as in sku_margin.csv."""
    by_sku = defaultdict(list)
    for row in order_margin(known):
        by_sku[row.sku].append(row)
    found = []
    for sku, rows in sorted(by_sku.items()):
        total = Row(
            sku=sku, family=family(known, sku), category=category(known, sku), tier=tier(known, sku), units=sum(r.units for r in rows)
        )
        for component in COMPONENTS:
            total[component] = None if rows[0][component] is None else sum(r[component] for r in rows)
        total.gross_margin_share, total.contribution_margin_share = (
            margin_share(m)(rows)[0] for m in ("gross_margin", "contribution_margin")
        )
        total.accrued_share = ratio(sum(r.accrued for r in rows), sum(total[c] for c in COSTS))[0]
        total.ad_spend = advertising(known, "sku", sku)
        total.false_confidence = sku in false_confidence(known)
        found.append(total)
    return found


def figures(known: Known) -> dict[str, dict]:
    """KPI -> {(grain, key): (value, numerator, denominator)}."""
    rows = order_margin(known)
    grains = {"family": lambda r: r.family, "sku": lambda r: r.sku, "channel": lambda r: r.channel}
    contribution = grouped(rows, margin_share("contribution_margin"), **grains)
    return {
        "net_revenue": grouped(rows, lambda group: (sum(r.net_revenue for r in group), sum(r.net_revenue for r in group), None), **grains),
        "gross_margin": grouped(rows, margin_share("gross_margin"), **grains),
        "contribution_margin": contribution,
        "contribution_margin_after_marketing": {
            group: of_revenue(money - advertising(known, *group), net) for group, (_, money, net) in contribution.items()
        },
    }
