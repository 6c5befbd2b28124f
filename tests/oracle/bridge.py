"""What changed contribution margin: W against the mean of the weeks before, a cell (SKU in a channel) at a time (docs/outputs.md)."""

from __future__ import annotations

from collections import defaultdict

from .margin import COSTS, order_margin, revenue, shares, weight
from .read import Known, Row, inside, once
from .sales import family, orders
from .shipping import charges, shipped
from .stock import first_shipment

BANDS = (0.5, 1, 2, 5, 10, 20)
PRICED = {"list": 1, "discount": -1, "charged": 1, "cost_of_goods": -1} | dict.fromkeys(COSTS, -1)
NAMES = {"list": "price", "charged": "shipping_charged", "returns_reserve": "returns"}


def surcharge(known: Known, order_id: str) -> float:
    """Charges other than base and fuel on the order's shipments."""
    return sum(
        c.amount
        for s in sent_in(known).get(order_id, [])
        for c in charges(known).get(s.shipment_id, [])
        if c.charge_type not in ("base", "fuel")
    )


@once
def sent_in(known: Known) -> dict[str, list[Row]]:
    found = defaultdict(list)
    for s in known["shipments"]:
        found[s.order_id].append(s)
    return found


def share_of_order(known: Known, own: list[Row]) -> list[float]:
    """A line's share of its order by billable weight; by units where a weight is not known."""
    units, weights = [x.units for x in own], [weight(known, x.sku) for x in own]
    return shares(units, units) if None in weights else shares([u * w for u, w in zip(units, weights, strict=True)], units)


@once
def cells(known: Known) -> dict[tuple, Row]:
    """(SKU, channel) -> units, contribution, net revenue and every amount of the costed lines of W as its own run knew it."""
    margin = {(r.order_id, r.line_id): r for r in order_margin(known)}
    found: dict = defaultdict(lambda: defaultdict(float))
    placed = [o.order_id for o in orders(known).values() if not o.cancelled and inside(o.day, known.trailing(28))]
    recent = [len(sent_in(known)[order_id]) for order_id in placed if order_id in shipped(known)]
    usual = sum(recent) / len(recent) if recent else 1.0  # parcels that an order comes to
    for order_id, own in revenue(known).items():
        order = orders(known)[order_id]
        if not inside(order.day, known.week.window):
            continue
        bases = [x.units * x.unit_price - (x.line_discount or 0) for x in own]
        for x, n, part in zip(own, share_of_order(known, own), shares(bases, [x.units for x in own]), strict=True):
            r = margin[order_id, x.line_id]
            if r.cost_of_goods is None:
                continue
            cell, listed = found[x.sku, order.channel], x.units * x.unit_price * order.rate
            charged = part * (order.shipping_charged or 0) * order.rate
            for name, amount in {c: r[c] for c in (*COSTS, "cost_of_goods", "contribution_margin", "net_revenue")}.items():
                cell[name] += amount
            cell["units"] += x.units
            cell["list"] += listed
            cell["charged"] += charged
            cell["discount"] += listed + charged - r.net_revenue
            cell["orders"] += n
            cell["parcels"] += n * (len(sent_in(known)[order_id]) if order_id in shipped(known) else usual)
            if order_id in shipped(known):
                cell["shipped"] += n * len(sent_in(known)[order_id])
                cell["shipped_cost"] += r.shipping
                cell["surcharges"] += n * surcharge(known, order_id)
    return found


@once
def profiles(known: Known) -> dict[tuple, list[float]]:
    """(SKU, channel, now) -> what a parcel like its usually costs: by zone; by zone and band; by carrier and service too."""
    rows = []
    for order_id, own in revenue(known).items():
        day = orders(known)[order_id].day
        if not inside(day, known.trailing(98)) or order_id not in shipped(known):
            continue
        weights, first = [weight(known, x.sku) for x in own], first_shipment(known)[order_id]
        kg = None if None in weights else sum(x.units * w for x, w in zip(own, weights, strict=True))
        band = "unknown" if kg is None else next((b for b in BANDS if kg <= b), "over")
        zone, service = first.zone or "unknown", (first.carrier, first.service)
        parcels = len(sent_in(known)[order_id])
        cost = (shipped(known)[order_id][0] - surcharge(known, order_id)) / parcels
        for x, n in zip(own, share_of_order(known, own), strict=True):
            now = inside(day, known.week.window)
            rows.append(
                Row(
                    cell=(x.sku, orders(known)[order_id].channel, now),
                    n=n * parcels,
                    cost=cost,
                    ways=((zone,), (zone, band), (zone, band, service)),
                )
            )
    sums: dict = defaultdict(lambda: [0.0, 0.0])
    for r in rows:
        if not r.cell[2]:
            for key in ((), *r.ways):
                sums[key][0] += r.n * r.cost
                sums[key][1] += r.n
    mean = {key: cost / n for key, (cost, n) in sums.items() if n}
    found: dict = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
    for r in rows:
        usual = mean.get((), 0.0)
        for i, key in enumerate(r.ways):
            usual = mean.get(key, usual)
            found[r.cell][i] += r.n * usual
        found[r.cell][3] += r.n
    return {cell: [x / n for x in xs] for cell, (*xs, n) in found.items() if n}


def bridge(known: Known) -> dict[tuple, float]:
    """(grain, key, part) -> money."""
    past = [cells(known.at(known.week - i)) for i in range(13, 0, -1) if known.week - i >= known.first]
    past = [week for week in past if week]
    now = cells(known)
    keys = set(now).union(*past)

    def usual(key: tuple, name: str) -> float:
        return sum(week[key][name] for week in past if key in week) / len(past)

    def units(which: int, chosen: list) -> float:
        return sum(now[k]["units"] if which and k in now else 0.0 if which else usual(k, "units") for k in chosen)

    growth = units(1, list(keys)) / units(0, list(keys))
    newest = {}
    for i in range(13, -1, -1):
        if known.week - i >= known.first:
            for sku, channel in cells(known.at(known.week - i)) if i else now:
                newest[sku, channel] = family(known.at(known.week - i) if i else known, sku)
    found: dict = defaultdict(float)
    for key in keys:
        mates = [k for k in keys if k[1] == key[1] and newest[k] == newest[key]]
        one = {name: now[key][name] if key in now else 0.0 for name in _WANTED}
        zero = {name: usual(key, name) for name in _WANTED}
        parts = dict.fromkeys((*(NAMES.get(c, c) for c in PRICED if c != "shipping"), "volume", "mix_of_groups", "mix_of_skus"), 0.0)
        if zero["units"] > 0:
            r = one["units"] / zero["units"]
            group = units(1, mates) / units(0, mates) if units(0, mates) > 0 else 1.0
            parts["volume"] = zero["contribution_margin"] * (growth - 1)
            parts["mix_of_groups"] = zero["contribution_margin"] * (group - growth)
            parts["mix_of_skus"] = zero["contribution_margin"] * (r - group)
            for name, sign in PRICED.items():
                if name != "shipping":
                    parts[NAMES.get(name, name)] = sign * (one[name] - r * zero[name])
            parts |= _shipping(known, key, one, zero, r)
        else:
            parts["mix_of_skus"] = one["contribution_margin"] - zero["contribution_margin"]
        whole = parts | {"baseline": zero["contribution_margin"], "contribution_margin": one["contribution_margin"]}
        for part, amount in whole.items():
            for group in (("all", ""), ("family", newest[key]), ("channel", key[1]), ("sku", key[0])):
                found[(*group, part)] += amount
    return found


_WANTED = ("units", "contribution_margin", "net_revenue", "orders", "parcels", "shipped", "shipped_cost", "surcharges", *PRICED)


def _shipping(known: Known, key: tuple, one: dict, zero: dict, r: float) -> dict[str, float]:
    found = {}
    each = zero["shipping"] / zero["parcels"] if zero["parcels"] > 0 else 0.0
    found["shipping_parcels"] = -(one["parcels"] - r * zero["parcels"]) * each
    dearer = 0.0
    if one["shipped"] > 0 and zero["shipped"] > 0:
        n = one["shipped"]
        dearer = one["shipped_cost"] - n * zero["shipped_cost"] / zero["shipped"]
        mine, usual = profiles(known).get((*key, True)), profiles(known).get((*key, False))
        steps = [a - b for a, b in zip(mine, usual, strict=True)] if mine and usual else [0.0] * 3
        found["shipping_zone"] = -n * steps[0]
        found["shipping_weight"] = -n * (steps[1] - steps[0])
        found["shipping_carrier"] = -n * (steps[2] - steps[1])
        found["shipping_surcharge"] = -(one["surcharges"] - n * zero["surcharges"] / zero["shipped"])
        found["shipping_rate"] = -dearer - sum(found[f"shipping_{x}"] for x in ("zone", "weight", "carrier", "surcharge"))
    found["shipping_rest"] = -(one["shipping"] - r * zero["shipping"]) - found["shipping_parcels"] + dearer
    return found
