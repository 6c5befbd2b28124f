"""What is at stake: a unit's margin, what an empty shelf loses, what a late order or a lost parcel costs. Shared by the checks."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from opsreview import demand
from opsreview.books import Books, beside, fact, inside
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
    t = k.select("sku", "family", "tier", "unit_cost", name=k["name"].fill_null(k.sku))
    t = beside(t, m.filter(m.sku.notnull()).select("sku", of_sku="per_unit"), "sku")
    t = beside(t, m.filter(m.sku.isnull()).select("family", of_family="per_unit"), "family")
    t = beside(t, demand.dispersion(books), "sku")
    per_unit = ibis.greatest(ibis.coalesce(t.of_sku, t.of_family, 0.0), 0.0)
    return t.mutate(per_unit=per_unit, dispersion=t.dispersion.fill_null(1.0)).drop("of_sku", "of_family")


def named(books: Books, rows: ibis.Table) -> ibis.Table:
    """The rows with `name`, the SKU's own, else its number."""
    t = beside(rows, sku_stakes(books).select("sku", "name"), "sku")
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
    t = beside(beside(beside(keys, p, "sku", "location"), nowhere, "sku"), sku_stakes(books), "sku")
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
    o = o.select("order_id", "cancelled", "cancelled_at", "promised_ship_at", "rate")
    missed = ((s.shipped_at > s.promised_ship_at) | s.shipped_at.isnull()) & (s.promised_ship_at < books.as_of)
    sent = s.group_by("order_id").aggregate(missed=missed.fill_null(False).any(), first_promise=s.promised_ship_at.min())
    hit = s.semi_join(exceptions(books), "shipment_id").select("order_id").distinct().mutate(hit=True)
    k, r, c = tickets(books), books.table("returns"), avoidable(books)
    told = k.filter(k.order_id.notnull()).group_by("order_id").aggregate(tickets=k.money.sum())
    repaid = r.filter(r.order_id.notnull()).group_by("order_id").aggregate(refunds=r.refund_amount.sum())
    charged = c.filter(c.order_id.notnull()).group_by("order_id").aggregate(charges=c.avoidable.sum())
    t = o
    for more in (sent, hit, told, repaid, charged):
        t = beside(t, more, "order_id")
    waiting = t.promised_ship_at < books.as_of  # where there is no shipment at all
    too_late = t.cancelled_at > t.first_promise.fill_null(t.promised_ship_at)
    return t.filter(~t.cancelled | too_late.fill_null(False)).select(
        "order_id", "cancelled",
        late=t.missed.fill_null(waiting).fill_null(False),
        exception=t.hit.fill_null(False),
        tickets=t.tickets.fill_null(0.0),
        refunds=t.refunds.fill_null(0.0) * t.rate,
        charges=t.charges.fill_null(0.0),
    )  # fmt: skip


@fact
def mishap_means(books: Books, flaw: str) -> ibis.Table:
    """Two rows at most, orders of T91 with a flaw (`late`, `exception`) and without: mean tickets, refunds, charges, share cancelled."""
    t = order_mishaps(books)
    parts = ("tickets", "refunds", "charges", "cancelled")
    return t.group_by(flaw=t[flaw]).aggregate(**{p: t[p].cast("float64").mean() for p in parts})


@fact
def order_value(books: Books) -> ibis.Table:
    """One row: contribution margin an order over T28 (at least 0), and what it costs to send one (the mean of T28)."""
    m = order_margin(books, books.week.trailing(28))
    a = shipping_accruals(books).filter(lambda t: t.channel.isnull())
    margin = ibis.greatest((m.contribution_margin.sum() / m.order_id.nunique().nullif(0)).fill_null(0.0), 0.0)
    sent = a.accrual.max().as_scalar().fill_null(books.settings.costs.shipping_per_order)
    return m.aggregate(margin=margin).mutate(shipping=sent)


def an_order(books: Books, what: str) -> float:
    """`margin` or `shipping` of an order, on average over T28."""
    return float(order_value(books).to_pandas()[what].iloc[0])


def price_of(books: Books, flaw: str, *parts: str) -> float:
    """What an order with a flaw cost more than one without, on average over T91; at least 0.

    `parts` of tickets, refunds, charges, and `cancelled`: the margin of an order times how much more often it was called off.
    """
    means = mishap_means(books, flaw).to_pandas().set_index("flaw")
    if len(means) < 2:
        return 0.0
    more = means.loc[True] - means.loc[False]
    more["cancelled"] *= an_order(books, "margin")
    return float(max(0.0, more[list(parts)].sum()))
