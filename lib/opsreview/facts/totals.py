"""What an order came to when it was placed, and what was refunded when: the rows that a system's own report is compared with."""

from __future__ import annotations

import ibis

from opsreview.books import Books, beside, fact, inside
from opsreview.weeks import Window

AMOUNTS = ("gross", "cancelled_units", "line_discounts", "order_discounts", "shipping")  # money, in the reporting currency
COUNTS = ("orders", "units", "units_cancelled")


@fact
def order_totals(books: Books, window: Window) -> ibis.Table:
    """One row an order placed or cancelled in the window (local days): what it came to when placed, in the reporting currency.

    `gross`: quantity × unit price; `cancelled_units`, `units_cancelled`: what was called off line by line; `foreign`: in another currency;
    `late`: no folder up to that of the order's own week brought it; `gone`: the day it was cancelled, empty while it stands.
    """
    o, lines = books.table("orders"), books.table("order_lines")
    day = o.ordered_at_local.date()
    gone = o.cancelled.ifelse(o.cancelled_at_local.date().fill_null(day), ibis.null("date"))
    o = o.select(
        "order_id", "channel", "ordered_at", "rate", "cancelled", day=day, gone=gone,
        gone_at=o.cancelled.ifelse(o.cancelled_at.fill_null(o.ordered_at), ibis.null("timestamp")),
        foreign=(o.currency != books.settings.reporting_currency).fill_null(False),
        order_discounts=o.order_discount.fill_null(0.0) * o.rate, shipping=o.shipping_charged.fill_null(0.0) * o.rate,
    )  # fmt: skip
    o = o.filter(inside(o.day, window) | inside(o.gone, window).fill_null(False))
    off = ibis.least(lines.cancelled_quantity.fill_null(0.0), lines.quantity)
    by = lines.semi_join(o, "order_id").group_by("order_id").aggregate(
        gross=(lines.quantity * lines.unit_price).sum(), cancelled_units=(off * lines.unit_price).sum(),
        line_discounts=lines.line_discount.fill_null(0.0).sum(), units=lines.quantity.sum(), units_cancelled=off.sum(),
    )  # fmt: skip
    every = books.known.exports.stored("orders")
    first = every.filter(~every.deleted).group_by("order_id").aggregate(first=every.known_from.min())
    t = o.pipe(beside, by, "order_id").pipe(beside, first, "order_id")
    money = {name: t[name].fill_null(0.0) * t.rate for name in ("gross", "cancelled_units", "line_discounts")}
    return t.mutate(
        **money,
        units=t.units.fill_null(0.0),
        units_cancelled=t.units_cancelled.fill_null(0.0),
        orders=t.rate * 0.0 + 1.0,
        late=(t["first"].cast("date") > t.day.truncate("W").cast("date")).fill_null(False),
    ).drop("first")


@fact
def refund_events(books: Books) -> ibis.Table:
    """One row a return line and week whose folder changed its refund: `week` (Monday), `amount` (the change), channel, foreign, known.

    The contract has no day of a refund, so the week is that of the first folder that says it. `known`: its order is, else the amount is
    taken to be in the reporting currency.
    """
    every = books.known.exports.stored("returns")
    every = every.filter(every.known_from <= books.week.monday)
    now = every.deleted.ifelse(0.0, every.refund_amount.fill_null(0.0))
    rows = every.select("return_id", "line_no", "order_id", week=every.known_from.cast("date"), now=now)
    before = rows.now.lag().over(ibis.window(group_by=[rows.return_id, rows.line_no], order_by=rows.week)).fill_null(0.0)
    rows = rows.mutate(change=rows.now - before)
    rows = rows.filter(rows.change != 0)
    o = books.table("orders")
    o = o.select("order_id", "channel", "rate", known=ibis.literal(True), foreign=o.currency != books.settings.reporting_currency)
    t = rows.pipe(beside, o, "order_id")
    return t.select(
        "return_id", "line_no", "week", "channel", amount=t.change * t.rate.fill_null(1.0), own=t.change,
        foreign=t.foreign.fill_null(False), known=t.known.fill_null(False),
    )  # fmt: skip


@fact
def refunded_orders(books: Books) -> ibis.Table:
    """One row an order with a return: `refund` in the reporting currency, as known at `as_of`; `own`: in the order's currency."""
    r, o = books.table("returns"), books.table("orders")
    by = r.group_by("order_id").aggregate(own=r.refund_amount.fill_null(0.0).sum())
    o = o.select("order_id", "rate")
    t = by.join(o, "order_id")
    return t.select("order_id", "own", refund=t.own * t.rate)
