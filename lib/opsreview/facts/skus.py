"""SKUs as the business groups them: by velocity tier and by how they sell."""

from __future__ import annotations

import ibis

from opsreview.books import Books, beside, fact, inside
from opsreview.facts.orders import all_orders, products, sales, sales_days
from opsreview.weeks import Week

TIER_A, TIER_B = 0.80, 0.95  # of the units of T91
LUMPY_INTERVAL, LUMPY_CV2 = 1.32, 0.49  # Syntetos, Boylan and Croston (2005): where smooth demand ends
NEW_WEEKS = 8


@fact
def skus(books: Books) -> ibis.Table:
    """One row a SKU of products or of an order line known: master data, units of T91, `tier`, `cluster`."""
    p, sold = products(books), sales(books)
    everything = books.table("order_lines").select("sku").distinct().union(p.select("sku"), distinct=True)
    t91 = sold.filter(inside(sold.day, books.week.trailing(91))).group_by("sku").aggregate(units_91d=lambda t: t.units.sum())
    k = clusters(books)
    base = (
        everything.pipe(beside, p, "sku")
        .pipe(beside, t91, "sku")
        .pipe(beside, k, "sku")
        .mutate(
            family=lambda t: t.family.fill_null("(unknown)"),
            category=lambda t: t.category.fill_null("(unknown)"),
            discontinued=lambda t: t.discontinued.fill_null(False),
            units_91d=lambda t: t.units_91d.fill_null(0.0),
            cluster=lambda t: t.cluster.fill_null("none"),
        )
    )
    falling = ibis.cumulative_window(order_by=[base.units_91d.desc(), base.sku])
    ranked = base.mutate(ahead=base.units_91d.sum().over(falling) - base.units_91d, all_units=base.units_91d.sum().over(ibis.window()))
    return ranked.mutate(
        tier=ibis.cases(
            (ranked.units_91d <= 0, "N"),
            (ranked.ahead < TIER_A * ranked.all_units, "A"),
            (ranked.ahead < TIER_B * ranked.all_units, "B"),
            else_="C",
        )
    ).drop("ahead", "all_units")


@fact
def clusters(books: Books) -> ibis.Table:
    """One row a SKU sold in T182: `cluster`, by rule from weekly units (how often it sells, how much the size varies)."""
    week, t182 = books.week, books.week.trailing(182)
    sold = sales_days(books).filter(lambda t: (t.units > 0) & inside(t.day, t182))
    weekly = sold.group_by("sku", monday=sold.day.truncate("W")).aggregate(units=sold.units.sum())
    shape = weekly.group_by("sku").aggregate(
        selling_weeks=weekly.count(), mean=weekly.units.mean(), spread=weekly.units.std(how="pop").fill_null(0.0)
    )
    shape = shape.pipe(beside, first_sales(books), "sku")
    shape = shape.pipe(beside, products(books).select("sku", "launched_on"), "sku")
    # A SKU is not intermittent for the weeks before it existed.
    since = ibis.greatest(shape.first_sale.truncate("W").cast("date"), ibis.literal(Week.of(t182.start).monday))
    weeks = ibis.literal(week.end).delta(since, unit="day").cast("float64") / 7.0
    young_from = week.trailing(7 * NEW_WEEKS).start
    shape = shape.mutate(
        interval=weeks / shape.selling_weeks,
        cv2=(shape.spread / shape["mean"].nullif(0)).pow(2),
        young=(shape.first_sale >= young_from) | (shape.launched_on >= young_from).fill_null(False),
    )
    rare, wild = shape.interval >= LUMPY_INTERVAL, shape.cv2 >= LUMPY_CV2
    return shape.select(
        "sku",
        cluster=ibis.cases((shape.young, "new"), (rare & wild, "lumpy"), (rare, "intermittent"), (wild, "erratic"), else_="steady"),
    )


@fact
def first_sales(books: Books) -> ibis.Table:
    """One row a SKU ever sold, in all that is known: the local day of its `first_sale`."""
    o, lines = all_orders(books).filter(lambda t: ~t.cancelled), books.table("order_lines")
    sold = lines.filter(lines.quantity > lines.cancelled_quantity.fill_null(0.0)).join(o, "order_id")
    return sold.group_by("sku").aggregate(first_sale=sold.day.min())
