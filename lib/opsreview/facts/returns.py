"""Returns, matched to the line that was sold, and what each one cost."""

from __future__ import annotations

import ibis

from opsreview.books import Books, beside, fact, inside
from opsreview.facts.orders import all_orders, products, sales
from opsreview.weeks import Window

FINAL = ("restock", "refurbish", "liquidate", "write_off")


@fact
def returns(books: Books) -> ibis.Table:
    """One row a return line requested before `as_of`: matched line, channel, family, costs in the reporting currency.

    `value_back`: at cost when restocked, else what was recovered; empty while the return is pending.
    """
    r, p = books.table("returns"), products(books)
    lines = books.table("order_lines")
    lines = lines.semi_join(r.filter(r.line_id.isnull()), "order_id")
    first = lines.group_by("order_id", "sku").aggregate(first_line=lines.line_id.min())
    r = r.pipe(beside, first, "order_id", "sku")
    o = all_orders(books).select("order_id", "channel", "rate")
    r = r.pipe(beside, o, "order_id").pipe(beside, p.select("sku", "family", "unit_cost"), "sku")
    final = r.disposition.isin(FINAL).fill_null(False)
    return r.mutate(
        line_id=r.line_id.fill_null(r.first_line),
        channel=r.channel.fill_null("(unknown)"),
        family=r.family.fill_null("(unknown)"),
        reason=r.reason_code,
        day=r.requested_at_local.date(),
        final=final,
        refund=r.refund_amount.fill_null(0.0) * r.rate.fill_null(1.0),
        reverse_shipping=r.reverse_shipping_cost.fill_null(0.0),
        handling=r.handling_cost.fill_null(0.0),
        value_back=ibis.cases(
            (~final, ibis.null("float64")),
            (r.disposition == "restock", r.quantity * r.unit_cost.fill_null(0.0)),
            else_=r.recovered_value.fill_null(0.0),
        ),
    ).drop("first_line")


@fact
def sold_and_returned(books: Books, window: Window) -> ibis.Table:
    """One row a line sold or a return requested in the window: sku, family, channel, reason (empty: a sale), `sold`, `returned` units."""
    s, r = sales(books), returns(books)
    s = s.filter(inside(s.day, window))
    sold = s.select("sku", "family", "channel", reason=ibis.null("string"), sold=s.units, returned=ibis.literal(0.0))
    r = r.filter(inside(r.day, window))
    back = r.select("sku", "family", "channel", "reason", sold=ibis.literal(0.0), returned=r.quantity)
    return sold.union(back)


@fact
def cohort(books: Books, window: Window) -> ibis.Table:
    """One row a line sold in the window, and one more a reason it came back for by `as_of`: sku, family, channel, reason, sold, returned.

    At most the line's units come back; its reasons share them in proportion.
    """
    s, r = sales(books), returns(books)
    s = s.filter(inside(s.day, window))
    sold = s.select("sku", "family", "channel", reason=ibis.null("string"), sold=s.units, returned=ibis.literal(0.0))
    by = r.group_by("order_id", "line_id", "reason").aggregate(back=r.quantity.sum())
    all_back = by.back.sum().over(ibis.window(group_by=[by.order_id, by.line_id]))
    by = by.mutate(all_back=all_back)
    lines = s.join(by, ["order_id", "line_id"])
    back = lines.select(
        "sku", "family", "channel", "reason", sold=ibis.literal(0.0),
        returned=ibis.ifelse(lines.all_back > 0, lines.back / lines.all_back.nullif(0) * ibis.least(lines.all_back, lines.units), 0.0),
    )  # fmt: skip
    return sold.union(back)


@fact
def value_back_per_unit(books: Books, window: Window) -> ibis.Table:
    """One row: what a unit finally disposed of brought back on average, over the returns of the lines sold in the window."""
    s = sales(books)
    s = s.filter(inside(s.day, window)).select("order_id", "line_id")
    r = returns(books).semi_join(s, ["order_id", "line_id"]).filter(lambda t: t.final)
    return r.aggregate(per_unit=(r.value_back.sum() / r.quantity.sum().nullif(0)).fill_null(0.0))


@fact
def return_costs(books: Books, window: Window) -> ibis.Table:
    """One row a line sold in the window that came back by `as_of`: `return_cost`, a pending return valued as the disposed ones were."""
    s = sales(books)
    s = s.filter(inside(s.day, window)).select("order_id", "line_id")
    r = returns(books).semi_join(s, ["order_id", "line_id"])
    average = value_back_per_unit(books, window).per_unit.max().as_scalar()
    back = r.value_back.fill_null(r.quantity * average)
    r = r.mutate(return_cost=r.refund + r.reverse_shipping + r.handling - back)
    return r.group_by("order_id", "line_id").aggregate(return_cost=r.return_cost.sum())
