"""The full bill of a return: what it costs beyond the money given back, part by part."""

from __future__ import annotations

import ibis

from opsreview.books import Books, beside, fact, inside, inside_weeks
from opsreview.facts.returns import returns
from opsreview.facts.warehouse import labor
from opsreview.margin import pick_pack, tickets, with_order_costs

SOLD_WITHIN = 91  # days back to which the outbound cost of what came back is looked up
PARTS = (
    "reverse_shipping", "handling", "restock_labor", "under_way", "refurbish", "markdown", "write_off", "pending", "support", "outbound",
)  # fmt: skip


@fact
def outbound(books: Books) -> ibis.Table:
    """One row a line sold in T91: `each`, what sending a unit of it cost: shipping, pick and pack, packaging."""
    window = books.week.trailing(SOLD_WITHIN)
    t = pick_pack(books, window, with_order_costs(books, window))
    sent = t.shipping + t.pick_pack + t.units * t.packaging_cost.fill_null(0.0)
    return t.filter(t.units > 0).select("order_id", "line_id", each=(sent / t.units).cast("float64"))


@fact
def restocking(books: Books) -> ibis.Table:
    """One row: `each`, labor of the returns role in T28 a unit received back in T28, of the weeks that have both; 0 without either."""
    window = books.week.trailing(28)
    weeks = books.told(window, "labor", "returns") or tuple(window.weeks)
    h, r = labor(books, window), returns(books)
    h = h.filter(inside_weeks(h.work_date, window, weeks))
    back = r.filter(inside_weeks(r.received_at_local.date(), window, weeks)).quantity.sum().as_scalar()
    paid = h.filter(h.role == "returns")
    return paid.aggregate(each=(paid.cost.sum() / back.nullif(0)).fill_null(0.0).cast("float64"))


@fact
def bills(books: Books) -> ibis.Table:
    """One row a return line requested in T28: sku, family, channel, reason, units, `refund` (given back, no cost), and PARTS in money.

    Value lost is units × unit cost less what they brought back, at least 0, by what became of them: refurbished, sold off (markdown),
    written off; `pending`: not decided yet, at what the units of T28 that have a cost were lost on average (an estimate). A SKU without a
    unit cost loses nothing here. Restock labor is the returns role's of T28 by units received. `under_way`: of units neither received nor
    decided yet what bringing them back and restocking them will come to beyond what is booked, at what a unit of T28 that was received came
    to (an estimate). Support: tickets of `returns.ticket_topics` on the order, shared over all its units returned. Outbound: what sending
    the units had cost, where they were sold in T91; `unmatched` are the units of which that is not known.
    """
    r, k, topics = returns(books), tickets(books), [topic.lower() for topic in books.settings.returns.ticket_topics]
    of_order = ibis.window(group_by=r.order_id)  # all that ever came back of it: what a ticket cost is borne once
    r = r.mutate(all_back=r.quantity.sum().over(of_order)).filter(inside(r.day, books.week.trailing(28)))
    asked = k.filter(k.topic.lower().isin(topics), k.order_id.notnull()).group_by("order_id").aggregate(asked=lambda t: t.money.sum())
    t = beside(beside(r, outbound(books), "order_id", "line_id"), asked, "order_id")
    lost = ibis.greatest(t.quantity * t.unit_cost.fill_null(0.0) - t.value_back, 0.0)
    t = t.mutate(lost=lost, decided=t.final & t.unit_cost.notnull())
    average = (t.lost.sum(where=t.decided) / t.quantity.sum(where=t.decided).nullif(0)).fill_null(0.0).as_scalar()
    labor_each = restocking(books).each.max().as_scalar()
    came, booked = t.received_at.notnull(), t.reverse_shipping + t.handling
    there = came | t.final  # what is refunded and left with the customer never comes
    coming = (booked.sum(where=came) / t.quantity.sum(where=came).nullif(0)).fill_null(0.0).as_scalar() + labor_each.fill_null(0.0)
    zero = t.quantity * 0.0

    def of(*dispositions: str) -> ibis.Value:
        return ibis.ifelse(t.disposition.isin(dispositions).fill_null(False), t.lost.fill_null(0.0), zero)

    t = t.mutate(
        restock_labor=ibis.ifelse(came, t.quantity * labor_each.fill_null(0.0), zero),
        under_way=ibis.ifelse(there, zero, ibis.greatest(t.quantity * coming - booked, 0.0)),
        refurbish=of("refurbish"), markdown=of("liquidate"), write_off=of("write_off"),
        pending=ibis.ifelse(t.final | t.unit_cost.isnull(), zero, t.quantity * average),
        support=(t.asked * t.quantity / t.all_back.nullif(0)).fill_null(0.0),
        outbound=(t.each * t.quantity).fill_null(0.0),
        unmatched=ibis.ifelse(t.each.isnull(), t.quantity, zero),
    )  # fmt: skip
    return t.select(
        "return_id", "line_no", "sku", "family", "channel", "reason", "refund", "unmatched", *PARTS, units="quantity",
    )  # fmt: skip
