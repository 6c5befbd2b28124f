"""What a shipment and an order's shipping cost, as invoiced, as the label says, or as accrued."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from statistics import fmean

from .read import Known, Row, inside, once
from .sales import orders


@once
def charges(known: Known) -> dict[str, list[Row]]:
    """Shipment -> its carrier charges known before `as_of`."""
    found = defaultdict(list)
    for charge in known["carrier_charges"]:
        found[charge.shipment_id].append(charge)
    return found


def complete_on(known: Known, shipment_id: str):
    """The day on which "14 days have passed since the first of them"; None without a charge."""
    dates = [c.invoiced_on for c in charges(known).get(shipment_id, [])]
    return min(dates) + timedelta(days=14) if dates else None


@once
def label_ratios(known: Known) -> dict[tuple[str, str], float]:
    """ "Σ charges / Σ label_cost of that carrier and service over the shipments whose charges are complete in T91 (ratio 1 where none)" """
    charged, labels = defaultdict(float), defaultdict(float)
    for s in known["shipments"]:
        day = complete_on(known, s.shipment_id)
        if day is not None and known.trailing(91).start <= day <= known.week.end:
            charged[s.carrier, s.service] += sum(c.amount for c in charges(known)[s.shipment_id])
            labels[s.carrier, s.service] += s.label_cost or 0
    return {key: charged[key] / labels[key] for key in charged if labels[key] != 0}


def shipment_cost(known: Known, s: Row) -> tuple[float, bool]:
    """What it cost, and whether that is final.

    "Σ its carrier charges known before `as_of` once 14 days have passed since the first of them (until then the larger of them and the
    label estimate); without a charge the label estimate" """
    estimate = (s.label_cost or 0) * label_ratios(known).get((s.carrier, s.service), 1.0)
    day, total = complete_on(known, s.shipment_id), sum(c.amount for c in charges(known).get(s.shipment_id, []))
    if day is None:
        return estimate, False
    return (total, True) if day <= known.week.end else (max(total, estimate), False)


@once
def shipped(known: Known) -> dict[str, tuple[float, bool]]:
    """Order -> cost of its shipments, whether all are final. Empty where no export ever said what a shipment costs."""
    if not (known.ever("shipments.label_cost") or known.ever("carrier_charges")):
        return {}
    found: dict[str, tuple[float, bool]] = {}
    for s in known["shipments"]:
        cost, final = shipment_cost(known, s)
        so_far, all_final = found.get(s.order_id, (0.0, True))
        found[s.order_id] = (so_far + cost, all_final and final)
    return found


@once
def usual(known: Known) -> dict[str, float]:
    """Channel (and "" for all) -> mean shipping cost of the T28 orders that have a shipment."""
    costs, t28 = defaultdict(list), known.trailing(28)
    for order in orders(known).values():
        if inside(order.day, t28) and not order.cancelled and order.order_id in shipped(known):
            for channel in (order.channel, ""):
                costs[channel].append(shipped(known)[order.order_id][0])
    return {channel: fmean(of) for channel, of in costs.items()}


def order_shipping(known: Known, order: Row) -> tuple[float, str]:
    """What an order's shipping costs, and its provenance.

    "An order with no shipment yet: the mean shipping cost per order of the T28 orders of its channel that have one, else of all channels,
    else `costs.shipping_per_order`." """
    if order.order_id in shipped(known):
        cost, final = shipped(known)[order.order_id]
        return cost, "invoiced" if final else "label"
    setting = known.settings.costs.shipping_per_order
    return usual(known).get(order.channel, usual(known).get("", setting)), "accrued"
