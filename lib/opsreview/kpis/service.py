"""Set 6: the promise to the customer, from the warehouse door to theirs."""

from __future__ import annotations

import ibis

from opsreview.books import Books, inside
from opsreview.facts.shipments import due_deliveries, handed_over, perfect_orders, promises
from opsreview.kpis import Parts, figure, ratio

GRAINS = "location carrier service=service_key"


def promised_this_week(books: Books) -> ibis.Table:
    """The promises to ship that fell due in W."""
    return promises(books).filter(lambda t: inside(t.day, books.week.window))


@figure(promised_this_week, GRAINS)
def on_time_ship_rate(t: ibis.Table) -> Parts:
    """Shipped by the promise / promised for W; what has not left, or has no shipment, is late. Share, 0–1."""
    return ratio(t.on_time.sum(), t.count())


@figure(handed_over, GRAINS)
def carrier_exception_rate(t: ibis.Table) -> Parts:
    """Shipments with an exception event / shipments handed over in W. Share, 0–1."""
    return ratio(t.exception.sum(), t.count())


@figure(due_deliveries, GRAINS)
def on_time_delivery_rate(t: ibis.Table) -> Parts:
    """Delivered by the promise / promised for W. Share, 0–1."""
    return ratio(t.on_time.sum(), t.count())


@figure(perfect_orders, GRAINS)
def perfect_order_rate(t: ibis.Table) -> Parts:
    """Orders without a late shipment, pick error, exception or return that is ours / orders promised in W. Share, 0–1."""
    return ratio(t.perfect.sum(), t.count())


figure(lambda books: perfect_orders(books, 28), GRAINS, name="perfect_order_rate_matured")(perfect_order_rate)
