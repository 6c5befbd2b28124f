"""Orders and the lines that were sold, in the reporting currency, with order-level amounts brought down to the line."""

from __future__ import annotations

import ibis

from opsreview.books import Books, beside, fact

KEPT_DAYS = 182  # the longest look-back of any definition (clusters; supplier lateness)


def with_sums(lines: ibis.Table, **values: ibis.Value) -> ibis.Table:
    """The lines with what their order comes to: each value's sum over its lines, `lines` how many they are.

    Summed and joined back: a window would sort the lines as wide as they are, and a store may have ten million of them.
    """
    sums = lines.group_by("order_id").aggregate(**{f"order_{name}": value.sum() for name, value in values.items()}, lines=lines.count())
    return lines.pipe(beside, sums, "order_id")


def share(base: ibis.Value, of_order: ibis.Value, otherwise: ibis.Value) -> ibis.Value:
    """A line's share of its order by a base, of which a negative counts as 0 (`of_order`: their sum); all 0: `otherwise`."""
    return ibis.ifelse(of_order > 0, above_0(base) / of_order, otherwise)


def above_0(base: ibis.Value) -> ibis.Value:
    """A base as it counts in a share."""
    return ibis.greatest(base.fill_null(0.0), 0.0)


def all_orders(books: Books) -> ibis.Table:
    """One row an order ever placed: local `day`, channel, promise, `cancelled`, `rate`, amounts in its own currency.

    A query and no fact: whoever asks reads few of its columns.
    """
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
    t = raw.join(o, "order_id").left_join(p, "sku").select(
        "order_id", "line_id", "sku", "channel", "day", "order_discount", "shipping_charged", "unit_cost", "packaging_cost",
        "billable_kg",
        family=p.family.fill_null("(unknown)"),
        category=p.category.fill_null("(unknown)"),
        units=ibis.greatest(raw.quantity - raw.cancelled_quantity.fill_null(0.0), 0.0),
        price=raw.unit_price * o.rate,
        line_discount=raw.line_discount.fill_null(0.0) * o.rate,
        unweighed=p.weight_kg.isnull(),
    )  # fmt: skip
    t = t.mutate(base=t.units * t.price - t.line_discount, kg=t.units * t.billable_kg)
    t = with_sums(t, units=t.units, base=above_0(t.base), kg=above_0(t.kg), unweighed=t.unweighed)
    t = t.mutate(unweighed=t.order_unweighed > 0, by_units=share(t.units, t.order_units, 1.0 / t.lines))
    by_base, by_kg = share(t.base, t.order_base, t.by_units), share(t.kg, t.order_kg, t.by_units)
    t = t.mutate(by_weight=ibis.ifelse(t.unweighed, t.by_units, by_kg), charged=by_base * t.shipping_charged)
    return t.select(
        "order_id", "line_id", "sku", "family", "category", "channel", "day", "units", "price", "base", "charged", "unit_cost",
        "packaging_cost", "billable_kg", "unweighed", "by_units", "by_weight",
        net_revenue=t.base - by_base * t.order_discount + t.charged,
    )  # fmt: skip


@fact
def sales_days(books: Books) -> ibis.Table:
    """One row a SKU and local day with a sold line, since T182 began: units."""
    s = sales(books)
    return s.group_by("sku", "day").aggregate(units=s.units.sum())
