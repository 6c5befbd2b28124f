"""Carriage against its price: what the rate card says a parcel costs, what the carrier billed for it, and how long each service takes."""

from __future__ import annotations

import ibis

from opsreview.books import Books, beside, fact, inside
from opsreview.facts.orders import sales
from opsreview.facts.shipments import shipment_costs, shipments
from opsreview.weeks import Window

HISTORY_DAYS = 91
BANDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)  # kg, the upper ends of the weight bands
ENOUGH = 30  # parcels from which a service's own history is used
SERVICE = ["carrier", "service"]


@fact
def rate_card(books: Books) -> ibis.Table:
    """One row a price of the rate card: weights over `above_kg` up to `max_weight_kg`, days from `since` to before `until`, `rate`."""
    t = books.table("carrier_rates")
    keys = ["carrier", "service", "zone"]
    t = t.select(*keys, "max_weight_kg", rate=t.cost, since=t.valid_from.fill_null(ibis.date(1900, 1, 1)))
    version = t.select(*keys, "since").distinct()
    following = ibis.window(group_by=[version[k] for k in keys], order_by=version.since)
    version = version.mutate(until=version.since.lead().over(following).fill_null(ibis.date(2200, 1, 1)))
    lighter = ibis.window(group_by=[*(t[k] for k in keys), t.since], order_by=t.max_weight_kg)
    return t.mutate(above_kg=t.max_weight_kg.lag().over(lighter).fill_null(-1.0)).join(version, [*keys, "since"])


def carded(books: Books, parcels: ibis.Table, weight: str) -> ibis.Table:
    """The parcels with `card`: the rate of their carrier, service, zone and weight on the day of their label; empty where none is given."""
    r, p = rate_card(books), parcels.mutate(kg=parcels[weight], label_day=parcels.label_created_at_local.date())
    fits = [p.carrier == r.carrier, p.service == r.service, p.zone == r.zone, p.kg > r.above_kg, p.kg <= r.max_weight_kg]
    known = p.join(r, [*fits, p.label_day >= r.since, p.label_day < r.until]).select(p.shipment_id, card=r.rate)
    return beside(p.drop("kg", "label_day"), known, "shipment_id")


@fact
def weights(books: Books) -> ibis.Table:
    """One row a shipment: `ours_kg`, the larger of what it was declared at and of what its products' weight and size come to.

    An order's products are weighed where the order left in one parcel and each of them has a weight.
    """
    s, lines = shipments(books), sales(books)
    goods = lines.mutate(kg=lines.units * lines.billable_kg).group_by("order_id")
    goods = goods.aggregate(kg=lambda t: t.kg.sum(), unweighed=lambda t: t.kg.isnull().sum()).filter(lambda t: t.unweighed == 0)
    parcels = s.group_by("order_id").aggregate(parcels=s.count()).filter(lambda t: t.parcels == 1)
    t = beside(s, goods.semi_join(parcels, "order_id").select("order_id", "kg"), "order_id")
    return t.select("shipment_id", ours_kg=ibis.greatest(t.weight_kg, t.kg))


@fact
def billed(books: Books) -> ibis.Table:
    """One row a shipment whose carriage (charge type base) was invoiced in T91: `billed` against `expected`, `over`, whether `in_week`.

    expected: the card's rate for the weight billed, or for our own where billed is more than a share and a carton above it (`reweighed`);
    without a card the label's cost. Times what the service usually bills of that: the median before W, which takes in fuel or a discount
    that the card does not hold. Empty where neither card nor a history of thirty says what to expect. A charge made twice counts once.
    """
    c, s, limits = books.table("carrier_charges"), shipments(books), books.settings.checks["carrier_overcharge"]
    window = books.week.trailing(HISTORY_DAYS)
    c = c.filter(c.charge_type == "base", inside(c.invoiced_on, window))
    by = c.group_by("shipment_id").aggregate(
        billed=c.amount.max() + c.amount.sum(where=c.amount < 0).fill_null(0.0),
        billed_kg=c.billed_weight_kg.max(),
        invoiced_on=c.invoiced_on.max(),
    )
    t = beside(by.join(s, "shipment_id"), weights(books), "shipment_id")
    allowed = t.ours_kg * (1.0 + float(limits["weight_share"])) + float(limits["weight_kg"])
    reweighed = (t.billed_kg > allowed).fill_null(False)
    t = t.mutate(reweighed=reweighed, fair_kg=ibis.ifelse(reweighed, t.ours_kg, t.billed_kg.fill_null(t.ours_kg)))
    t = carded(books, t, "fair_kg")
    t = t.mutate(basis=ibis.coalesce(t.card, t.label_cost), by_card=t.card.notnull(), in_week=inside(t.invoiced_on, books.week.window))
    before = t.filter(~t.in_week, ~t.reweighed, t.basis > 0)
    usual = before.group_by(*SERVICE, "by_card").aggregate(usual=(before.billed / before.basis).median(), known=before.count())
    t = beside(t, usual.filter(usual.known >= ENOUGH).drop("known"), *SERVICE, "by_card")
    expected = t.basis * t.usual.fill_null(ibis.ifelse(t.by_card, ibis.literal(1.0).cast("float64"), ibis.null("float64")))
    t = t.mutate(expected=expected, over=t.billed - expected)
    return t.select(
        "shipment_id", *SERVICE, "service_key", "in_week", "by_card", "reweighed", "ours_kg", "billed_kg", "billed", "expected", "over",
    )  # fmt: skip


def band(kg: ibis.Value) -> ibis.Value:
    """The upper end of a weight's band in kg; 1000 above them all, 0 where it is not known."""
    return ibis.cases(*((kg <= end, end) for end in BANDS), (kg.notnull(), 1000.0), else_=0.0).cast("float64")


@fact
def carried(books: Books, window: Window) -> ibis.Table:
    """One row a shipment handed over in the window: zone, weight `band`, promised days, `room`, `took`, `kept`, `cost`, `card`, weekday.

    promise: days from the promise to ship to the promise to deliver; room: days from handover to that promise; took: days from handover to
    the door (empty: not there yet); kept: whether the promise to deliver was, empty while it may still be.
    """
    s = shipment_costs(books)
    day = s.shipped_at_local.date()
    s = s.filter(inside(day, window), s.zone.notnull(), s.promised_delivery_at.notnull())
    s = beside(s, weights(books), "shipment_id")
    due = s.promised_ship_at_local.date().fill_null(s.label_created_at_local.date())
    s = s.mutate(
        shipped_day=s.shipped_at_local.date(),
        band=band(s.ours_kg),
        promise=s.promised_delivery_at_local.date().delta(due, unit="day"),
        room=s.promised_delivery_at_local.date().delta(s.shipped_at_local.date(), unit="day"),
        took=s.delivered_at_local.date().delta(s.shipped_at_local.date(), unit="day"),
        kept=ibis.cases(
            (s.delivered_at.notnull(), s.delivered_at <= s.promised_delivery_at), (s.promised_delivery_at < books.as_of, False), else_=None
        ),
        weekday=s.shipped_at_local.date().day_of_week.index().cast("int32"),
    )
    s = carded(books, s, "ours_kg")
    return s.select(
        "shipment_id", *SERVICE, "service_key", "zone", "band", "promise", "room", "took", "kept", "cost", "card", "weekday", "ours_kg",
        "label_created_at_local",
    )  # fmt: skip
