"""What is at stake: a unit's margin, what an empty shelf loses, what a late order or a lost parcel costs. Shared by the checks."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from opsreview import demand
from opsreview.books import Books, fact, inside
from opsreview.facts.shipments import avoidable, exceptions, shipping_accruals
from opsreview.facts.skus import skus
from opsreview.facts.stock import demand as daily_demand
from opsreview.facts.stock import shelves
from opsreview.leaks import unit_margins
from opsreview.margin import order_margin, tickets

AHEAD = 28  # days a place needs itself before it has stock to spare


@fact
def sku_stakes(books: Books) -> ibis.Table:
    """One row a SKU: master data, and `per_unit`: contribution margin a unit over T28, its family's where it sold none, at least 0."""
    k, m = skus(books), unit_margins(books)
    t = k.select("sku", "family", "tier", "unit_cost", "supplier", "lead_time_days", name=k["name"].fill_null(k.sku))
    t = t.left_join(m.filter(m.sku.notnull()).select("sku", of_sku="per_unit"), "sku").drop("sku_right")
    t = t.left_join(m.filter(m.sku.isnull()).select("family", of_family="per_unit"), "family").drop("family_right")
    t = t.left_join(demand.dispersion(books), "sku").drop("sku_right")
    per_unit = ibis.greatest(ibis.coalesce(t.of_sku, t.of_family, 0.0), 0.0)
    return t.mutate(per_unit=per_unit, dispersion=t.dispersion.fill_null(1.0)).drop("of_sku", "of_family")


def named(books: Books, rows: ibis.Table) -> ibis.Table:
    """The rows with `name`, the SKU's own, else its number."""
    t = rows.left_join(sku_stakes(books).select("sku", "name"), "sku").drop("sku_right")
    return t.mutate(name=t["name"].fill_null(t.sku))


@fact
def places(books: Books) -> ibis.Table:
    """One row a SKU and location with stock reported: available, `d_here`, `spare`: what other places hold beyond their own four weeks."""
    s = shelves(books)
    s = s.select("sku", "location", "available", d_here=s.d_here.fill_null(0.0))
    over = ibis.greatest(s.available - AHEAD * s.d_here, 0.0)
    return s.mutate(spare=over.sum().over(ibis.window(group_by=s.sku)) - over)


@fact
def shelf_stakes(books: Books) -> ibis.Table:
    """One row a SKU and location that holds it or expects it: places and sku_stakes together.

    A place that waits for its first stock sells what the SKU sells where no place has any, else nothing yet.
    """
    p, inbound = places(books), books.table("inbound")
    keys = p.select("sku", "location").union(inbound.select("sku", "location"), distinct=True)
    nowhere = daily_demand(books).anti_join(p, "sku").select("sku", "d")
    t = keys.left_join(p, ["sku", "location"]).drop("sku_right", "location_right")
    t = t.left_join(nowhere, "sku").drop("sku_right").left_join(sku_stakes(books), "sku").drop("sku_right")
    return t.mutate(
        available=t.available.fill_null(0.0),
        d_here=ibis.coalesce(t.d_here, t.d, 0.0),
        spare=t.spare.fill_null(0.0),
        per_unit=t.per_unit.fill_null(0.0),
        dispersion=t.dispersion.fill_null(1.0),
        name=t["name"].fill_null(t.sku),
    ).drop("d")


def lost_units(rows: pd.DataFrame, supply: pd.Series, days: pd.Series | float) -> np.ndarray:
    """Units that customers ask for in so many days beyond the supply, expected. `rows`: d_here, dispersion."""
    mean = np.asarray(rows["d_here"], dtype=float) * np.asarray(days, dtype=float)
    return demand.shortfall(np.ceil(np.maximum(np.asarray(supply, dtype=float), 0.0)), mean, np.asarray(rows["dispersion"], dtype=float))


@fact
def order_mishaps(books: Books) -> ibis.Table:
    """One row an order placed in T91: `late` (left after its promise, or called off waiting), `exception`, `cancelled`, and their money.

    Orders cancelled before their promise fell due are left out: nobody failed them.
    """
    o, s = books.table("orders"), books.table("shipments")
    o = o.filter(inside(o.ordered_at_local.date(), books.week.trailing(91)))
    missed = ((s.shipped_at > s.promised_ship_at) | s.shipped_at.isnull()) & (s.promised_ship_at < books.as_of)
    sent = s.group_by("order_id").aggregate(missed=missed.any(), first_promise=s.promised_ship_at.min())
    hit = s.semi_join(exceptions(books), "shipment_id").select("order_id").distinct().mutate(hit=True)
    k, r, c = tickets(books), books.table("returns"), avoidable(books)
    money = {
        "tickets": k.filter(k.order_id.notnull()).group_by("order_id").aggregate(tickets=k.money.sum()),
        "refunds": r.filter(r.order_id.notnull()).group_by("order_id").aggregate(refunds=r.refund_amount.sum()),
        "charges": c.filter(c.order_id.notnull()).group_by("order_id").aggregate(charges=c.avoidable.sum()),
    }
    t = o.select("order_id", "channel", "cancelled", "cancelled_at", "promised_ship_at", "rate")
    for table in (sent, hit, *money.values()):
        t = t.left_join(table, "order_id").drop("order_id_right")
    promise = t.first_promise.fill_null(t.promised_ship_at)
    waiting = t.promised_ship_at < books.as_of
    t = t.mutate(late=t.missed.fill_null(waiting).fill_null(False), too_late=(t.cancelled_at > promise).fill_null(False))
    t = t.filter(~t.cancelled | t.too_late)
    return t.select(
        "order_id", "channel", "late", "cancelled",
        exception=t.hit.fill_null(False),
        tickets=t.tickets.fill_null(0.0),
        refunds=t.refunds.fill_null(0.0) * t.rate,
        charges=t.charges.fill_null(0.0),
    )  # fmt: skip


@fact
def order_value(books: Books) -> ibis.Table:
    """One row: contribution margin an order over T28 (at least 0), and what it costs to send one (the mean of T28)."""
    m = order_margin(books, books.week.trailing(28))
    a = shipping_accruals(books).filter(lambda t: t.channel.isnull())
    margin = ibis.greatest((m.contribution_margin.sum() / m.order_id.nunique().nullif(0)).fill_null(0.0), 0.0)
    sent = a.accrual.max().as_scalar().fill_null(books.settings.costs.shipping_per_order)
    return m.aggregate(margin=margin).mutate(shipping=sent)


def price_of(books: Books, flaw: str, *parts: str) -> float:
    """What an order with a flaw (`late`, `exception`) cost more than one without, on average over T91; at least 0.

    `parts` of tickets, refunds, charges, and `cancelled`: the margin an order is worth times how much more often it was called off.
    """
    t = order_mishaps(books)
    by = t.group_by(flaw=t[flaw]).aggregate(**{p: t[p].cast("float64").mean() for p in parts}).to_pandas().set_index("flaw")
    if True not in by.index or False not in by.index:
        return 0.0
    more = by.loc[True] - by.loc[False]
    if "cancelled" in parts:
        more["cancelled"] *= float(order_value(books).to_pandas()["margin"].iloc[0])
    return float(max(0.0, more.sum()))
