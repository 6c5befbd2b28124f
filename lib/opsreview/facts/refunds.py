"""Refunds against what was paid and what came back; prices charged against prices agreed."""

from __future__ import annotations

import ibis

from opsreview.books import Books, beside, fact, inside
from opsreview.facts.orders import above_0, all_orders, sales, share, with_sums
from opsreview.facts.returns import returns


@fact
def paid(books: Books) -> ibis.Table:
    """One row a product of an order, cancelled ones too: `units`, what was paid for a unit after discounts, `shipping` of its order."""
    o, lines = all_orders(books), books.table("order_lines")
    lines = lines.semi_join(returns(books), "order_id").join(o, "order_id")
    units = ibis.greatest(lines.quantity - lines.cancelled_quantity.fill_null(0.0), 0.0)
    t = lines.select(
        "order_id", "sku", "rate", "order_discount", "shipping_charged", units=units, base=units * lines.unit_price
        - lines.line_discount.fill_null(0.0),
    )  # fmt: skip
    t = with_sums(t, units=t.units, base=above_0(t.base))
    by_base = share(t.base, t.order_base, share(t.units, t.order_units, 1.0 / t.lines))
    t = t.mutate(money=t.base - by_base * t.order_discount.fill_null(0.0))
    return t.group_by("order_id", "sku").aggregate(
        units=t.units.sum(),
        each=(t.money * t.rate).sum() / t.units.sum().nullif(0),
        shipping=(t.shipping_charged * t.rate).max().fill_null(0.0),
    )


@fact
def refunds(books: Books, days: int) -> ibis.Table:
    """One row a product of an order with a return asked for in so many days: refunded, units back, `most` that was paid for them.

    Of the units that came back no more than were sold; the order's whole shipping may be refunded with any of them. Where an order holds
    no such product, all of it is what was paid. `return_id` is the largest of its returns, `members` all of them.
    """
    r, p = returns(books), paid(books)
    recent = r.filter(inside(r.day, books.week.trailing(days)), r.order_id.notnull()).select("order_id", "sku").distinct()
    r = r.semi_join(recent, ["order_id", "sku"])
    largest = r.refund.max().over(ibis.window(group_by=[r.order_id, r.sku]))
    r = r.mutate(largest=r.refund == largest)
    by = r.group_by("order_id", "sku").aggregate(
        channel=r.channel.min(), refunded=r.refund.sum(), back=r.quantity.sum(), day=r.day.max(),
        return_id=r.return_id.min(where=r.largest), members=r.return_id.group_concat("; ", order_by=r.return_id),
    )  # fmt: skip
    orders = p.group_by("order_id").aggregate(whole=(p.units * p.each).sum() + p.shipping.max())
    t = beside(beside(by, p, "order_id", "sku"), orders, "order_id").filter(lambda t: t.whole.notnull())
    most = (ibis.least(t.back, t.units) * t.each + t.shipping).fill_null(t.whole)
    return t.mutate(most=most).drop("units", "each", "shipping", "whole")


@fact
def refunded_unreceived(books: Books, days: int) -> ibis.Table:
    """One row a return refunded whose goods, so many days after it was asked for, have not come; of four weeks of asking."""
    r = returns(books)
    r = r.filter(r.refund > 0, r.received_at.isnull(), r.disposed_at.isnull(), ~r.final)
    r = r.filter(inside(r.day, books.week.trailing(28, days)))
    return r.select("return_id", "order_id", "sku", "channel", "quantity", "refund", "day")


@fact
def off_contract(books: Books) -> ibis.Table:
    """One row a line sold in T28 under an agreed price: customer, `agreed`, `list` and `net` price a unit, `off` (above 0: charged more).

    A discount may be how the agreed price is reached, or come on top of it: only a price that is above it with the discount, or below it
    without, is off. The customer of an order is its channel.
    """
    s, c = sales(books), books.table("contract_prices")
    c = c.filter(c.valid_from < books.week.end)
    c = c.mutate(until=c.valid_from.lead().over(ibis.window(group_by=[c.customer, c.sku], order_by=c.valid_from)))
    c = c.select(channel="customer", sku="sku", since="valid_from", until="until", agreed="price")
    s = s.filter(inside(s.day, books.week.trailing(28)), s.units > 0)
    t = s.join(c, [s.channel == c.channel, s.sku == c.sku, s.day >= c.since, c.until.isnull() | (s.day < c.until)])
    net = t.base / t.units
    off = ibis.cases((net > t.agreed, net - t.agreed), (t.price < t.agreed, t.price - t.agreed), else_=0.0)
    return t.select("order_id", "line_id", "day", "units", "agreed", customer="channel", sku="sku", list="price", net=net, off=off)
