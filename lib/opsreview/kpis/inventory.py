"""Sets 2 and 3: was it on the shelf, will it be, and how long does it last."""

from __future__ import annotations

import ibis

from opsreview.books import Books, fact
from opsreview.demand import stockout_risk
from opsreview.facts.stock import demand, shelf_days, shelves, supply
from opsreview.kpis import Parts, figure, ratio


@figure(shelf_days, "location family tier")
def in_stock_rate(t: ibis.Table) -> Parts:
    """SKU-location-days of W with available > 0 / those that count. Share, 0–1."""
    return ratio((t.available > 0).sum(), t.count())


@fact
def weighted_shelf_days(books: Books, charted: bool = False) -> ibis.Table:
    """One row a SKU and day of W that counts: `d` and `there`, whether any location had it."""
    s, d = shelf_days(books), demand(books, charted)
    days = s.group_by("sku", "day", "family", "tier").aggregate(there=(s.available > 0).any())
    return days.join(d, "sku")


@figure(weighted_shelf_days, "family tier", lambda books: weighted_shelf_days(books, True))
def in_stock_rate_weighted(t: ibis.Table) -> Parts:
    """Σ d·[available anywhere] / Σ d over SKU-days of W. Share, 0–1: what a customer meets."""
    return ratio(t.d.sum(where=t.there), t.d.sum())


@figure(stockout_risk, "location family tier", lambda books: stockout_risk(books, True))
def oos_risk_14d(t: ibis.Table) -> Parts:
    """Expected number of SKU-locations in stock that run out within 14 days. Count."""
    expected = t.p_out_of_stock.sum().fill_null(0.0)
    return Parts(expected, expected, ibis.null("float64"))


@fact
def supply_here(books: Books, charted: bool = False) -> ibis.Table:
    """One row a SKU that sells and location that holds it: available there, `d` the part sold from there."""
    s = shelves(books, charted)
    return s.filter(s.d > 0).select("sku", "location", "available", d=s.d_here)


@figure(supply, "tier family", lambda books: supply(books, True))
def days_of_supply(t: ibis.Table) -> Parts:
    """Σ available / Σ daily demand over SKUs that sell. Days."""
    return ratio(t.available.sum(), t.d.sum())


figure(supply_here, "location", lambda books: supply_here(books, True), "days_of_supply", whole=False)(days_of_supply)
