"""Orders and the lines that were sold, in the reporting currency, with order-level amounts brought down to the line."""

from __future__ import annotations

import ibis

from opsreview.books import Books, fact

KEPT_DAYS = 182  # the longest look-back of any definition (clusters; supplier lateness)


def shared(lines: ibis.Table, base: ibis.Value, units: ibis.Value | None = None) -> ibis.Value:
    """A line's share of its order by a base: negative counts as 0; all 0: by units; those 0 too: equally. Sums to 1 an order."""
    order = ibis.window(group_by=lines.order_id)
    base = ibis.greatest(base.fill_null(0.0), 0.0)
    units = ibis.greatest(lines.units if units is None else units, 0.0)
    total, all_units = base.sum().over(order), units.sum().over(order)
    return ibis.cases(
        (total > 0, base / total.nullif(0)),
        (all_units > 0, units / all_units.nullif(0)),
        else_=1.0 / lines.order_id.count().over(order),
    )


@fact
def all_orders(books: Books) -> ibis.Table:
    """One row an order ever placed: local `day`, channel, promise, `cancelled`, `rate`, amounts in its own currency."""
    o = books.table("orders")
    return o.select(
        "order_id", "ordered_at", "ordered_at_local", "channel", "cancelled", "promised_ship_at", "promised_ship_at_local", "promo_id",
        "rate", "shipping_charged", "order_discount", "payment_fee", "channel_fee",
        day=o.ordered_at_local.date(),
    )  # fmt: skip


@fact
def orders(books: Books) -> ibis.Table:
    """One row an order placed since T182 began and not cancelled at `as_of`; amounts in reporting currency, fees empty where unknown."""
    o = all_orders(books)
    window = books.week.trailing(KEPT_DAYS)
    o = o.filter(~o.cancelled, o.day >= window.start)
    return o.select(
        "order_id", "ordered_at", "ordered_at_local", "day", "channel", "promised_ship_at", "promo_id", "rate",
        shipping_charged=o.shipping_charged.fill_null(0.0) * o.rate,
        order_discount=o.order_discount.fill_null(0.0) * o.rate,
        payment_fee=o.payment_fee * o.rate,
        channel_fee=o.channel_fee * o.rate,
    )  # fmt: skip


@fact
def products(books: Books) -> ibis.Table:
    """One row a SKU of the products table: master data, billable weight (the larger of weight and volume / 5000, kg) included."""
    p = books.table("products")
    volume = p.length_cm * p.width_cm * p.height_cm / 5000.0
    return p.select(
        "sku", "name", "unit_cost", "weight_kg", "packaging_cost", "supplier", "lead_time_days", "pack_size", "launched_on", "owner",
        family=p.family.fill_null("(unknown)"),
        category=p.category.fill_null("(unknown)"),
        discontinued=(p.status == "discontinued").fill_null(False),
        billable_kg=ibis.ifelse(volume.notnull(), ibis.greatest(p.weight_kg, volume), p.weight_kg),
    )  # fmt: skip


@fact
def sales(books: Books) -> ibis.Table:
    """One row a line of an order not cancelled, since T182 began: units, net revenue in the reporting currency, master data.

    net revenue = units × unit price − line discount − its share of the order's discount + its share of shipping charged. `by_units`,
    `by_weight`: its share of the order by units and by billable weight (by units where a line's weight is not known).
    """
    o, p = orders(books), products(books)
    raw = books.table("order_lines")
    lines = raw.join(o, "order_id").left_join(p, "sku").select(
        "order_id", "line_id", "sku", "channel", "day", "quantity", "order_discount", "shipping_charged", "payment_fee", "channel_fee",
        "unit_cost", "packaging_cost", "weight_kg", "billable_kg",
        family=p.family.fill_null("(unknown)"),
        category=p.category.fill_null("(unknown)"),
        units=ibis.greatest(raw.quantity - raw.cancelled_quantity.fill_null(0.0), 0.0),
        price=raw.unit_price * o.rate,
        line_discount=raw.line_discount.fill_null(0.0) * o.rate,
    )  # fmt: skip
    lines = lines.mutate(base=lines.units * lines.price - lines.line_discount)
    unweighed = lines.weight_kg.isnull().any().over(ibis.window(group_by=lines.order_id))
    lines = lines.mutate(
        share=shared(lines, lines.base),
        by_units=shared(lines, lines.units),
        by_kg=shared(lines, lines.units * lines.billable_kg),
        unweighed=unweighed,
    )
    lines = lines.mutate(net_revenue=lines.base - lines.share * lines.order_discount + lines.share * lines.shipping_charged)
    lines = lines.mutate(charged=lines.share * lines.shipping_charged)
    return lines.mutate(by_weight=ibis.ifelse(lines.unweighed, lines.by_units, lines.by_kg)).drop(
        "order_discount", "shipping_charged", "line_discount", "share", "by_kg"
    )


@fact
def sales_days(books: Books) -> ibis.Table:
    """One row a SKU and local day with a sold line, since T182 began: units."""
    s = sales(books)
    return s.group_by("sku", "day").aggregate(units=s.units.sum())
