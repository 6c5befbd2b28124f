"""Stock day by day, what sells per day, and where it is now. WMS goes before ERP; a SKU a system leaves out counts as 0 there."""

from __future__ import annotations

import ibis

from opsreview.books import Books, beside, days, fact, inside
from opsreview.facts.orders import sales, sales_days
from opsreview.facts.shipments import first_shipment
from opsreview.facts.skus import skus

SELLING_DAYS = 7  # fewer say nothing about a day's demand
SYSTEMS = ("erp", "wms")
MEMORY = 28  # days that what a place had when last seen counts as there


@fact
def reported_days(books: Books) -> ibis.Table:
    """One row a system, SKU, location and day of T91 as reported: on_hand, allocated, available, over the system's channels."""
    inv = books.table("inventory")
    inv = inv.mutate(day=inv.snapshot_at_local.date(), allocated=inv.allocated.fill_null(0.0))
    inv = inv.filter(inside(inv.day, books.week.trailing(91)))
    last = ibis.window(group_by=[inv.system, inv.sku, inv.location, inv.channel, inv.day], order_by=inv.snapshot_at.desc())
    inv = inv.mutate(nth=ibis.row_number().over(last)).filter(lambda t: t.nth == 0)
    inv = inv.mutate(available=ibis.greatest(inv.on_hand - inv.allocated, 0.0))
    return inv.group_by("system", "sku", "location", "day").aggregate(
        on_hand=inv.on_hand.sum(), allocated=inv.allocated.sum(), available=inv.available.sum()
    )


@fact
def counted_days(books: Books) -> ibis.Table:
    """The same rows, and one with 0 for a day on which a system spoke of a location and left out a SKU it had reported there in T28."""
    daily = reported_days(books)
    reported = daily.filter(inside(daily.day, books.week.trailing(28))).select("system", "sku", "location").distinct()
    looked = daily.select("system", "location", "day").distinct()
    absent = reported.join(looked, ["system", "location"]).select("system", "sku", "location", "day")
    absent = absent.anti_join(daily, ["system", "sku", "location", "day"])
    return daily.union(absent.mutate(on_hand=0.0, allocated=0.0, available=0.0))


def system_days(books: Books) -> ibis.Table:
    """The rows of ERP and WMS among them: a shop's own stock is for comparing, not for counting on."""
    t = counted_days(books)
    return t.filter(t.system.isin(SYSTEMS))


@fact
def stock_days(books: Books) -> ibis.Table:
    """One row a SKU, location and day of T91: the WMS's stock where it speaks, else the ERP's."""
    s = system_days(books)
    first = ibis.window(group_by=[s.sku, s.location, s.day], order_by=s.system.desc())  # wms before erp
    return s.mutate(nth=ibis.row_number().over(first)).filter(lambda t: t.nth == 0).drop("nth")


@fact
def stock_now(books: Books) -> ibis.Table:
    """One row a SKU and location with a snapshot in T28: its last day's on_hand, allocated, available, `system`, `as_of_day`."""
    s = stock_days(books)
    s = s.filter(inside(s.day, books.week.trailing(28)))
    last = ibis.window(group_by=[s.sku, s.location], order_by=s.day.desc())
    return s.mutate(nth=ibis.row_number().over(last)).filter(lambda t: t.nth == 0).drop("nth").rename(as_of_day="day")


@fact
def open_inbound(books: Books) -> ibis.Table:
    """One row an inbound line that is still to bring something: open_quantity, eta and what is known of it."""
    t = books.table("inbound")
    left = t.quantity_ordered - t.quantity_received.fill_null(0.0)
    waiting = t.stocked_at.isnull() | (~t.closed).fill_null(False)
    return t.mutate(open_quantity=left).filter(left > 0, ~t.closed.fill_null(False), waiting)


@fact
def assortment(books: Books) -> ibis.Table:
    """One row a SKU and location that counts for availability: in stock on a day of T91, or on its way; not discontinued."""
    s, k = stock_days(books), skus(books)
    held = s.filter(s.available > 0).select("sku", "location")
    coming = open_inbound(books).select("sku", "location")
    known = k.select("sku", "discontinued", "launched_on", "family", "category", "tier", "cluster")
    return (
        held.union(coming, distinct=True)
        .pipe(beside, known, "sku")
        .filter(lambda t: ~t.discontinued.fill_null(False))
        .mutate(family=lambda t: t.family.fill_null("(unknown)"), tier=lambda t: t.tier.fill_null("N"))
    )


@fact
def shelf_days(books: Books) -> ibis.Table:
    """One row a SKU, location and day of W that counts and whose location has a snapshot: `available`, 0 where not reported."""
    s, a = stock_days(books), assortment(books)
    looked = s.filter(inside(s.day, books.week.window)).select("location", "day").distinct()
    grid = a.join(looked, "location")
    grid = grid.filter((grid.launched_on.isnull()) | (grid.day >= grid.launched_on))
    there = s.select("sku", "location", "day", "available")
    return grid.pipe(beside, there, "sku", "location", "day").mutate(available=lambda t: t.available.fill_null(0.0))


@fact
def unseen_stock(books: Books) -> ibis.Table:
    """One row a SKU and day of W on which a location that sent no snapshot that day had it when last seen, up to 28 days before."""
    s = stock_days(books)
    looked = s.select("location", "day").distinct()
    unseen = s.select("location").distinct().cross_join(days(books.week.window)).anti_join(looked, ["location", "day"])
    seen = unseen.join(s.select("sku", "location", "available", on="day"), "location")
    seen = seen.filter(seen.on < seen.day, seen.day.delta(seen.on, unit="day") <= MEMORY)
    last = seen.group_by("sku", "location", "day").aggregate(available=seen.available.argmax(seen.on))
    return last.filter(last.available > 0).select("sku", "day").distinct()


@fact
def sku_days(books: Books) -> ibis.Table:
    """One row a SKU and day of T91 with a snapshot on which it was available somewhere or sold: a selling day, with its `units`."""
    s, sold = stock_days(books), sales_days(books)
    looked = s.select("day").distinct()
    available = s.filter(s.available > 0).select("sku", "day").distinct()
    sold = sold.filter(sold.units > 0).semi_join(looked, "day")
    selling = available.union(sold.select("sku", "day"), distinct=True)
    return selling.left_join(sold, ["sku", "day"]).select("sku", "day", units=sold.units.fill_null(0.0))


@fact
def demand(books: Books, charted: bool = False) -> ibis.Table:
    """One row a SKU that sells: `d`, units a selling day, over T28, else T91, else no row (charted: over W alone).

    Where no inventory came in T28 at all: sold units in T28 / 28.
    """
    t28, t91 = books.week.trailing(28), books.week.trailing(91)
    if not books.has_any("inventory", t28):
        window = books.week.window if charted else t28
        sold = sales_days(books).filter(lambda t: inside(t.day, window))
        return sold.group_by("sku").aggregate(d=sold.units.sum() / float(window.days))
    if charted:
        s = sku_days(books).filter(lambda t: inside(t.day, books.week.window))
        return s.group_by("sku").aggregate(d=s.units.mean())
    s = sku_days(books).filter(lambda t: inside(t.day, t91))
    recent = inside(s.day, t28)
    by_sku = s.group_by("sku").aggregate(
        days_28=s.count(where=recent), units_28=s.units.sum(where=recent), days_91=s.count(), units_91=s.units.sum()
    )
    d = ibis.cases(
        (by_sku.days_28 >= SELLING_DAYS, by_sku.units_28 / by_sku.days_28.nullif(0)),
        (by_sku.days_91 >= SELLING_DAYS, by_sku.units_91 / by_sku.days_91.nullif(0)),
    )
    return by_sku.select("sku", d=d).filter(lambda t: t.d.notnull())


@fact
def shipped_from(books: Books) -> ibis.Table:
    """One row a SKU and location: units of the T28 and of the T91 orders first shipped from there."""
    s, f = sales(books), first_shipment(books)
    lines = s.join(f, "order_id").filter(lambda t: inside(t.day, books.week.trailing(91)))
    recent = inside(lines.day, books.week.trailing(28))
    return lines.group_by("sku", "location").aggregate(u28=lines.units.sum(where=recent), u91=lines.units.sum())


@fact
def shelves(books: Books, charted: bool = False) -> ibis.Table:
    """One row a SKU and location with stock reported: stock now, `d` of the SKU and `d_here`, the part of it sold from this location.

    By the units shipped from it in T28, else in T91, else equally among the SKU's locations.
    """
    now, d, sent = stock_now(books), demand(books, charted), shipped_from(books)
    k = skus(books).select("sku", "name", "family", "category", "tier", "cluster", "discontinued", "unit_cost", "owner", "supplier")
    t = now.pipe(beside, d, "sku").pipe(beside, sent, "sku", "location")
    t = t.pipe(beside, k, "sku")
    t = t.mutate(
        family=t.family.fill_null("(unknown)"),
        category=t.category.fill_null("(unknown)"),
        tier=t.tier.fill_null("N"),
        cluster=t.cluster.fill_null("none"),
        discontinued=t.discontinued.fill_null(False),
        u28=t.u28.fill_null(0.0),
        u91=t.u91.fill_null(0.0),
    )
    here = ibis.window(group_by=t.sku)
    all28, all91 = t.u28.sum().over(here), t.u91.sum().over(here)
    share = ibis.cases((all28 > 0, t.u28 / all28.nullif(0)), (all91 > 0, t.u91 / all91.nullif(0)), else_=1.0 / t.sku.count().over(here))
    return t.mutate(d_here=t.d * share).drop("u28", "u91")


@fact
def supply(books: Books, charted: bool = False) -> ibis.Table:
    """One row a SKU that sells: `d`, and `available` over its locations (0 where it has no stock row)."""
    d, s = demand(books, charted), shelves(books, charted)
    held = s.group_by("sku").aggregate(available=s.available.sum())
    k = skus(books).select("sku", "family", "tier")
    t = d.filter(d.d > 0).pipe(beside, held, "sku").pipe(beside, k, "sku")
    return t.mutate(available=t.available.fill_null(0.0), family=t.family.fill_null("(unknown)"), tier=t.tier.fill_null("N"))


@fact
def excess(books: Books) -> ibis.Table:
    """One row a SKU with stock: available, d, target days, `excess_units` above what target_dos of its tier asks for."""
    s = shelves(books)
    target = books.settings.target_dos
    by = s.group_by("sku").aggregate(
        available=s.available.sum(), d=s.d.max(), tier=s.tier.max(), unit_cost=s.unit_cost.max(), family=s.family.max()
    )
    days_enough = ibis.cases((by.tier == "A", target.A), (by.tier == "B", target.B), (by.tier == "C", target.C))
    return by.mutate(target_days=days_enough, excess_units=ibis.greatest(by.available - days_enough * by.d, 0.0).fill_null(0.0))


@fact
def dead_stock(books: Books) -> ibis.Table:
    """One row a SKU and location of dead stock: on hand, no sale of the SKU in T91, held since before T91 or discontinued; at cost."""
    t91 = books.week.trailing(91)
    now = shelves(books)
    sold = sales_days(books).filter(lambda t: inside(t.day, t91) & (t.units > 0)).select("sku").distinct()
    inv = books.table("inventory")
    old = inv.filter(inv.system.isin(SYSTEMS), inv.snapshot_at_local.date() < t91.start, inv.on_hand > 0).select("sku").distinct()
    idle = now.anti_join(sold, "sku")
    idle = idle.pipe(beside, old.mutate(held_before=True), "sku")
    held = idle.on_hand.sum().over(ibis.window(group_by=idle.sku))
    idle = idle.filter(held > 0, idle.discontinued | idle.held_before.fill_null(False), idle.unit_cost.notnull())
    return idle.select("sku", "location", "on_hand", "unit_cost", "family", value=ibis.greatest(idle.on_hand, 0.0) * idle.unit_cost)


@fact
def in_stock_throughout(books: Books, window_days: int) -> ibis.Table:
    """One row a SKU that was available somewhere on every one of the trailing days."""
    window = books.week.trailing(window_days)
    s = stock_days(books).filter(lambda t: (t.available > 0) & inside(t.day, window))
    by = s.group_by("sku").aggregate(n=s.day.nunique())
    return by.filter(by.n == window.days).select("sku")
