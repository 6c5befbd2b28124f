"""Where costs come from (docs/margin.md): of every line's costs below gross margin, what is measured, contracted, accrued, allocated."""

from __future__ import annotations

from opsreview.weeks import Window

from .margin import order_margin, revenue, shares, tickets
from .money import by
from .pick_pack import paired
from .read import Known, Row, once
from .sales import orders, product

KINDS = ("measured", "contracted", "accrued", "allocated")


@once
def costs(known: Known, window: Window | None = None) -> list[Row]:
    """One row a cost of a costed line of the window (W's by default): amount, kind, whether it is of the whole order.

    Who shares an order's document sees a rule.
    """
    found, settings = [], known.settings.costs
    margin = {(r.order_id, r.line_id): r for r in order_margin(known, window or known.week.window)}
    pooled = bool(paired(known, window or known.week.window))
    for order_id, own in revenue(known).items():
        order = orders(known)[order_id]
        if (order_id, own[0].line_id) not in margin:
            continue
        units = [x.units for x in own]
        by_net = shares([x.net_revenue for x in own], units)
        for x, net_share, unit_share in zip(own, by_net, shares(units, units), strict=True):
            r = margin[order_id, x.line_id]
            if r.cost_of_goods is None:
                continue
            told = tickets(known).get(order_id, 0.0) * unit_share
            not_picked = r.accrued - r.returns_reserve - (r.support - told) - (r.shipping if r.shipping_provenance == "accrued" else 0.0)
            not_picked = 0.0 if abs(not_picked) < 1e-9 else not_picked
            parts = [
                ("packaging", x.units * (product(known, x.sku).packaging_cost or 0), "contracted", False),
                ("shipping", r.shipping, {"invoiced": "measured", "label": "contracted", "accrued": "accrued"}[r.shipping_provenance],
                 r.shipping_provenance != "accrued"),
                ("pick_pack", r.rework, "measured", False),
                ("pick_pack", not_picked, "accrued", False),
                ("pick_pack", r.pick_pack - r.rework - not_picked, "allocated" if pooled else "contracted", False),
                ("support", told, "measured", True),
                ("support", r.support - told, "accrued", False),
                ("returns_reserve", r.returns_reserve, "accrued", False),
            ]  # fmt: skip
            if order.payment_fee is not None:
                parts.append(("payment", r.payment, "measured", True))
            else:
                parts.append(("payment", settings.payment_rate * x.net_revenue, "contracted", False))
                parts.append(("payment", settings.payment_fixed * net_share, "contracted", True))
            parts.append(
                (
                    "channel_fees",
                    r.channel_fees,
                    "measured" if order.channel_fee is not None else "contracted",
                    order.channel_fee is not None,
                )
            )
            for component, amount, kind, whole in parts:
                found.append(
                    Row(component=component, amount=amount, kind=kind, whole=whole, order_id=order_id, line_id=x.line_id, sku=x.sku,
                        family=r.family, channel=r.channel)
                )  # fmt: skip
    return found


def provenance(known: Known, grain: str, window: Window | None = None) -> dict[str, dict[str, float]]:
    """Key -> money by kind, as that grain sees it: a document is shared where its order holds lines of other keys."""
    alone: dict = {}
    for order_id, own in revenue(known).items():
        if grain == "line":
            alone[order_id] = len(own) == 1
        elif grain in ("sku", "family"):
            alone[order_id] = len({x.sku if grain == "sku" else product(known, x.sku).family or "(unknown)" for x in own}) == 1
        else:
            alone[order_id] = True
    key = {"all": lambda c: "", "line": lambda c: (c.order_id, c.line_id)}.get(grain, lambda c: c[grain])
    found: dict = {}
    for c in costs(known, window):
        kind = "allocated" if c.whole and not alone[c.order_id] and c.kind in ("measured", "contracted") else c.kind
        found.setdefault(key(c), dict.fromkeys(KINDS, 0.0))[kind] += c.amount
    return found


def sign_depends(known: Known, window: Window | None = None) -> dict[str, bool]:
    """SKU -> whether a quarter of what was allocated to it is more than its margin."""
    margins = {
        sku: sum(r.contribution_margin for r in own if r.contribution_margin is not None)
        for sku, own in by(order_margin(known, window or known.week.window), "sku").items()
    }
    return {sku: abs(margins[sku]) < 0.25 * abs(kinds["allocated"]) for sku, kinds in provenance(known, "sku", window).items()}
