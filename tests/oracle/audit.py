"""The margin audit: are a SKU's master data there and plausible, and where do its costs come from (docs/outputs.md)."""

from __future__ import annotations

from collections import defaultdict
from statistics import median

from .bridge import sent_in
from .documents import provenance, sign_depends
from .margin import order_margin, weight
from .money import by
from .read import Known, Row, inside, once
from .sales import lines, orders, product
from .shipping import charges

MASTER = {"unit_cost": "cost", "packaging_cost": "packaging cost", "weight_kg": "weight"}


@once
def scales(known: Known) -> dict[str, list[float]]:
    """SKU -> weights that carriers billed for orders of one unit that left as one parcel in T182."""
    found, of_order = defaultdict(list), defaultdict(list)
    for x in lines(known):
        of_order[x.order_id].append(x)
    for order_id, own in of_order.items():
        sent = [s for s in sent_in(known).get(order_id, []) if inside(s.label_created_at_local, known.trailing(182))]
        if len(own) == 1 and own[0].units == 1 and len(sent) == 1 and inside(orders(known)[order_id].day, known.trailing(182)):
            kg = [c.billed_weight_kg for c in charges(known).get(sent[0].shipment_id, []) if c.billed_weight_kg is not None]
            if kg:
                found[own[0].sku].append(max(kg))
    return found


def bought_at(known: Known, sku: str) -> float | None:
    """The price of the purchase of T182 that came last, else of the newest."""
    ours = [x for x in known["inbound"] if x.sku == sku and x.kind == "purchase" and x.unit_price is not None]
    ours = [x for x in ours if inside(x.ordered_on, known.trailing(182))]
    came = [x for x in ours if x.arrived_at is not None]
    if came:
        return max(came, key=lambda x: (x.arrived_at, x.ordered_on, x.document_id)).unit_price
    return max(ours, key=lambda x: (x.ordered_on, x.document_id)).unit_price if ours else None


def flaws(known: Known, sku: str, price: float) -> set[str]:
    """The kinds of flaw of a SKU's master data."""
    p, found = product(known, sku), set()
    found |= {f"no {words}" for c, words in MASTER.items() if p[c] is None} if p else {f"no {words}" for words in MASTER.values()}
    sides = [p.length_cm, p.width_cm, p.height_cm]
    if None in sides:
        found.add("no size")
    elif min(sides) <= 0 or max(sides) > 300:
        found.add("size")
    if p.weight_kg is not None and p.weight_kg <= 0:
        found.add("weight")
    elif None not in (p.weight_kg, *sides) and min(sides) > 0 and not 0.005 <= p.weight_kg * 1000 / (sides[0] * sides[1] * sides[2]) <= 12:
        found.add("density")
    if p.unit_cost is not None:
        if p.unit_cost <= 0 or p.unit_cost >= price:
            found.add("cost against price")
        if (last := bought_at(known, sku)) is not None and p.unit_cost and abs(last / p.unit_cost - 1) > 0.10:
            found.add("last bought")
    if p.packaging_cost is not None and not 0 <= p.packaging_cost <= 0.2 * price:
        found.add("packaging")
    ours, scale = weight(known, sku), scales(known)[sku]
    if len(scale) >= 5 and ours is not None and median(scale) > 1.25 * ours + 0.3:
        found.add("carriers bill")
    return found


def audit(known: Known) -> list[Row]:
    """A SKU sold in T28."""
    found, kinds = [], provenance(known, "sku", known.trailing(28))
    hangs = sign_depends(known, known.trailing(28))
    for sku, own in by(order_margin(known, known.trailing(28)), "sku").items():
        units, net = sum(r.units for r in own), sum(r.net_revenue for r in own)
        if units <= 0:
            continue
        shipping = sum(r.shipping for r in own)
        row = Row(sku=sku, units=units, net_revenue=net, flaws=flaws(known, sku, net / units if net > 0 else float("nan")))
        if sku in kinds:  # the costs of a SKU with a unit cost
            row.shares = {kind: money / sum(kinds[sku].values()) for kind, money in kinds[sku].items()}
            row.sign_depends = hangs[sku]
        row.invoiced = sum(r.shipping for r in own if r.shipping_provenance == "invoiced") / shipping if shipping > 0 else None
        row.scale_kg = median(scales(known)[sku]) if scales(known)[sku] else None
        row.bought_at = bought_at(known, sku)
        found.append(row)
    return found
