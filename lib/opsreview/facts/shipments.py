"""Shipments: what was promised, what happened on the way, what each one cost as far as it is known."""

from __future__ import annotations

import ibis

from opsreview.books import Books, beside, fact, inside
from opsreview.facts.orders import KEPT_DAYS, all_orders, orders, sales

PLAIN_CHARGES = ("base", "fuel")  # every other type is a surcharge
COMPLETE_AFTER = 14  # days after a shipment's first charge by which the carrier has billed the rest


def _recent(books: Books) -> ibis.Table:
    """`shipments` as a query, for who needs few of its columns."""
    s = books.table("shipments")
    cancelled = all_orders(books).filter(lambda t: t.cancelled).select("order_id")
    since = books.week.trailing(KEPT_DAYS).start
    recent = (s.label_created_at_local.date() >= since) | (s.promised_ship_at_local.date() >= since).fill_null(False)
    return s.filter(recent).anti_join(cancelled, "order_id").mutate(service_key=s.carrier + "/" + s.service)


@fact
def shipments(books: Books) -> ibis.Table:
    """One row a shipment with a label or a promise since T182 began, but for those of cancelled orders: `service_key`, times, promises."""
    return _recent(books)


@fact
def first_shipment(books: Books) -> ibis.Table:
    """One row an order with a shipment: its first shipment's location, carrier, service_key, zone and billed weight."""
    s = _recent(books)
    first = ibis.window(group_by=s.order_id, order_by=[s.label_created_at, s.shipment_id])
    s = s.mutate(nth=ibis.row_number().over(first)).filter(lambda t: t.nth == 0)
    s = s.pipe(beside, charges(books).select("shipment_id", "billed_kg"), "shipment_id")
    return s.select("order_id", "location", "carrier", "service_key", "zone", "billed_kg")


@fact
def promises(books: Books) -> ibis.Table:
    """One row a promise to ship since T182 began: a shipment's, or an order's own where it has no shipment; `on_time`, `late`."""
    s = shipments(books)
    of_shipments = s.filter(s.promised_ship_at.notnull()).select(
        "order_id", "shipment_id", "location", "carrier", "service_key", "promised_ship_at", day=s.promised_ship_at_local.date(),
        on_time=(s.shipped_at <= s.promised_ship_at).fill_null(False),
    )  # fmt: skip
    own = all_orders(books).filter(lambda t: ~t.cancelled, lambda t: t.promised_ship_at.notnull())
    own = own.filter(own.promised_ship_at_local.date() >= books.week.trailing(KEPT_DAYS).start)
    unknown = ibis.literal("(unknown)")
    of_orders = own.anti_join(books.table("shipments"), "order_id").select(
        "order_id", shipment_id=ibis.null("string"), location=unknown, carrier=unknown, service_key=unknown,
        promised_ship_at=own.promised_ship_at, day=own.promised_ship_at_local.date(), on_time=ibis.literal(False),
    )  # fmt: skip
    both = of_shipments.union(of_orders)
    return both.mutate(late=~both.on_time & (both.promised_ship_at < books.as_of))


@fact
def exceptions(books: Books) -> ibis.Table:
    """One row a shipment with an exception event before `as_of`: `reason` of the first."""
    e = books.table("carrier_events").filter(lambda t: t.is_exception)
    return e.group_by("shipment_id").aggregate(reason=e.reason.argmin(e.occurred_at), events=e.count())


@fact
def handed_over(books: Books) -> ibis.Table:
    """One row a shipment handed to the carrier in W: `exception`."""
    s = shipments(books)
    s = s.filter(inside(s.shipped_at_local.date(), books.week.window))
    e = exceptions(books)
    return s.pipe(beside, e, "shipment_id").mutate(exception=lambda t: t.events.notnull())


@fact
def due_deliveries(books: Books) -> ibis.Table:
    """One row a shipment promised to be delivered in W: `on_time`."""
    s = shipments(books)
    s = s.filter(inside(s.promised_delivery_at_local.date(), books.week.window))
    return s.mutate(on_time=(s.delivered_at <= s.promised_delivery_at).fill_null(False))


@fact
def perfect_orders(books: Books, ended_days_ago: int = 0) -> ibis.Table:
    """One row an order promised in the week (that ended so many days ago): `perfect`, by its first shipment."""
    window = books.week.trailing(7, ended_days_ago)
    o = all_orders(books).filter(lambda t: ~t.cancelled)
    p = promises(books)
    own = o.filter(inside(o.promised_ship_at_local.date(), window)).select("order_id")
    promised = p.filter(inside(p.day, window)).select("order_id").union(own, distinct=True).semi_join(o, "order_id")
    picks = books.table("picks").semi_join(promised, "order_id")
    returns = books.table("returns").semi_join(promised, "order_id")
    control = returns.filter(returns.reason_code.isin(books.settings.returns.control_reasons))
    s = shipments(books).semi_join(promised, "order_id")
    flawed = (
        p.filter(p.late).select("order_id")
        .union(picks.filter(picks.error_type.notnull()).select("order_id"))
        .union(s.semi_join(exceptions(books), "shipment_id").select("order_id"))
        .union(control.filter(control.order_id.notnull()).select("order_id"))
        .distinct()
        .mutate(flaw=True)
    )  # fmt: skip
    t = promised.pipe(beside, flawed, "order_id").pipe(beside, first_shipment(books), "order_id")
    return t.mutate(
        perfect=t.flaw.isnull(),
        location=t.location.fill_null("(unknown)"),
        carrier=t.carrier.fill_null("(unknown)"),
        service_key=t.service_key.fill_null("(unknown)"),
    )


@fact
def charges(books: Books) -> ibis.Table:
    """One row a shipment with a charge known: Σ charges, surcharges, first invoice day, whether complete, billed weight."""
    c = books.table("carrier_charges")
    done = c.group_by("shipment_id").aggregate(
        charged=c.amount.sum(),
        surcharges=c.amount.sum(where=~c.charge_type.isin(PLAIN_CHARGES)).fill_null(0.0),
        first_invoiced=c.invoiced_on.min(),
        billed_kg=c.billed_weight_kg.max(),
    )
    complete_on = done.first_invoiced + ibis.interval(days=COMPLETE_AFTER)
    return done.mutate(complete_on=complete_on, complete=complete_on <= books.week.end)


@fact
def avoidable(books: Books) -> ibis.Table:
    """One row a carrier charge known: `avoidable`, its amount where the type is avoidable, else 0.

    A dimensional charge is avoidable only where the billed weight exceeds the products' billable weight by a tenth.
    """
    c, s, lines = books.table("carrier_charges"), books.table("shipments"), sales(books)
    weighed = lines.mutate(kg=lines.units * lines.billable_kg)
    ours = weighed.group_by("order_id").aggregate(kg=weighed.kg.sum(), unweighed=weighed.billable_kg.isnull().sum())
    largest = c.billed_weight_kg.max().over(ibis.window(group_by=c.shipment_id))
    c = c.mutate(billed=c.billed_weight_kg.fill_null(largest))
    c = c.pipe(beside, s.select("shipment_id", "order_id"), "shipment_id")
    c = c.pipe(beside, ours, "order_id")
    over = ((c.billed > 1.10 * c.kg) & (c.unweighed == 0)).fill_null(False)
    listed = c.charge_type.isin(books.settings.carrier.avoidable_types)
    return c.mutate(avoidable=ibis.ifelse(listed & ((c.charge_type != "dimensional") | over), c.amount, 0.0))


def carries_cost(books: Books) -> bool:
    """Whether any export says what a shipment costs."""
    return books.ever("carrier_charges") or books.ever("shipments.label_cost")


@fact
def shipment_costs(books: Books) -> ibis.Table:
    """One row a shipment, with all that `shipments` says: see `_costs`."""
    return _costs(books)


def _costs(books: Books) -> ibis.Table:
    """One row a shipment: `cost` as known now and whether all of it is invoiced.

    Complete: Σ charges; before that the larger of them and the label estimate; without a charge the label estimate, which is the label's
    cost scaled by what that carrier and service charged over its labels where charges became complete in T91.
    """
    c = charges(books)
    learned = books.table("shipments").join(c.filter(c.complete, c.complete_on >= books.week.trailing(91).start), "shipment_id")
    ratios = learned.group_by("carrier", "service").aggregate(charged_all=learned.charged.sum(), labels=learned.label_cost.sum())
    t = _recent(books).pipe(beside, c, "shipment_id")
    ratios = ratios.filter(ratios.labels > 0).select("carrier", "service", ratio=ratios.charged_all / ratios.labels)
    t = t.pipe(beside, ratios, "carrier", "service")
    estimate = t.label_cost.fill_null(0.0) * t.ratio.fill_null(1.0)
    complete = t.complete.fill_null(False)
    return t.mutate(
        complete=complete,
        cost=ibis.cases((complete, t.charged), (t.charged.notnull(), ibis.greatest(t.charged, estimate)), else_=estimate),
    )


@fact
def order_shipping(books: Books) -> ibis.Table:
    """One row an order with a shipment: Σ cost of its shipments, how many `parcels`, whether all is invoiced, `location` of the first.

    `surcharges`: what was charged beyond base and fuel; `unpriced`: no shipment has a charge or a label's cost.
    """
    s = _costs(books)
    return s.group_by("order_id").aggregate(
        shipping=s.cost.sum(),
        parcels=s.count(),
        invoiced=s.complete.all(),
        surcharges=s.surcharges.sum().fill_null(0.0),
        unpriced=(s.charged.isnull() & s.label_cost.isnull()).all(),
        location=s.location.first(order_by=[s.label_created_at, s.shipment_id], include_null=True),
    )


@fact
def shipping_accruals(books: Books) -> ibis.Table:
    """One row a channel: mean shipping cost and parcels an order over its T28 orders that have a shipment; without a channel: of all."""
    o = orders(books).join(order_shipping(books), "order_id")
    o = o.filter(inside(o.day, books.week.trailing(28)))
    means = {"accrual": o.shipping.mean(), "parcels": o.parcels.mean()}
    return (
        o.group_by("channel")
        .aggregate(**means)
        .union(o.aggregate(**means).select(*means, channel=ibis.null("string")).select("channel", *means))
    )
