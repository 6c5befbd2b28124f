"""Leak 3's creep: fulfillment cost per order against the weeks before at this week's mix; and which carrier charges were avoidable."""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean, median

from .margin import order_margin, weight
from .read import Known, Row, once
from .sales import lines
from .shipping import charges
from .stock import first_shipment

BANDS = (0.5, 1, 2, 5, 10, 20)


@once
def shipment_orders(known: Known) -> dict[str, str]:
    return {s.shipment_id: s.order_id for s in known["shipments"]}


def largest_billed(known: Known, shipment_id: str) -> float | None:
    """The largest weight that the carrier billed for a shipment."""
    return max((c.billed_weight_kg for c in charges(known).get(shipment_id, []) if c.billed_weight_kg is not None), default=None)


@once
def lines_by_order(known: Known) -> dict[str, list[Row]]:
    found = defaultdict(list)
    for line in lines(known):
        found[line.order_id].append(line)
    return found


def billable(known: Known, order_id: str | None) -> float | None:
    """What the products of an order weigh by the carrier's rule; None where any weight, or the order, is not known."""
    own = [(line.units, weight(known, line.sku)) for line in lines_by_order(known).get(order_id, [])]
    return sum(units * w for units, w in own) if own and all(w is not None for _, w in own) else None


def avoidable(known: Known, charge: Row) -> bool:
    """ "of the types `carrier.avoidable_types`; `dimensional` only where billed weight exceeds the products' billable weight by 10 %" """
    if charge.charge_type not in known.settings.carrier.avoidable_types:
        return False
    if charge.charge_type != "dimensional":
        return True
    billed = charge.billed_weight_kg if charge.billed_weight_kg is not None else largest_billed(known, charge.shipment_id)
    products = billable(known, shipment_orders(known).get(charge.shipment_id))
    return billed is not None and products is not None and billed > 1.10 * products


@once
def avoided(known: Known) -> dict[str, float]:
    """Order -> avoidable charges known on its shipments."""
    found: dict[str, float] = defaultdict(float)
    for charge in known["carrier_charges"]:
        if avoidable(known, charge) and charge.shipment_id in shipment_orders(known):
            found[shipment_orders(known)[charge.shipment_id]] += charge.amount
    return found


def cell(known: Known, order_id: str) -> tuple[str, str]:
    """ "zone of the order's first shipment × billed weight band (0.5, 1, 2, 5, 10, 20, over, unknown)" """
    first = first_shipment(known).get(order_id)
    if first is None:
        return "unknown", "unknown"
    billed = largest_billed(known, first.shipment_id)
    band = "unknown" if billed is None else next((str(b) for b in BANDS if billed <= b), "over")
    return first.zone or "unknown", band


@once
def cell_costs(known: Known) -> dict[tuple[str, str], list[float]]:
    """Cell -> fulfillment cost of each of the week's orders: "shipping + pick and pack of the week's orders, less rework and less their
    avoidable charges" """
    orders: dict[str, float] = defaultdict(float)
    for row in order_margin(known):
        orders[row.order_id] += row.shipping + row.pick_pack - row.rework
    found = defaultdict(list)
    for order_id, cost in orders.items():
        found[cell(known, order_id)].append(cost - avoided(known).get(order_id, 0.0))
    return found


def creep(known: Known) -> tuple:
    """ "max(0, fulfillment cost per order in W − its median over the up to 13 weeks before at this week's mix) × orders. … A past week at
    this mix = Σ n(cell, W) × mean cost(cell, then) / Σ n(cell, W); a cell that week lacks takes W's own mean. n/a under 4 weeks" """
    now = cell_costs(known)
    n = sum(len(costs) for costs in now.values())
    past = []
    for i in range(1, 14):
        then = known.at(known.week - i)
        tables = ("orders", "order_lines", "shipments", "labor", "picks")
        if then.stopped or not all(then.has(table, then.week.window) for table in tables):
            continue
        costs = cell_costs(then)
        if n and costs:
            past.append(sum(len(own) * fmean(costs.get(place, own)) for place, own in now.items()) / n)
    if len(past) < 4:
        return None, None
    return max(0.0, sum(sum(own) for own in now.values()) / n - median(past)) * n, None
