"""Orders, parcels and what carriers billed for them: where one says what another does not."""

from __future__ import annotations

import ibis

from opsreview.books import Books, beside, fact, inside
from opsreview.facts.orders import KEPT_DAYS

CLAIM_DAYS = 28  # since when a charge can still be disputed
UNASKED = ("address_correction", "redelivery", "return_to_sender")  # services that a carrier does because something went wrong
USUAL = 0.99  # share of parcels that are billed by then
GRACE_DAYS = 7
ENOUGH = 30  # parcels billed, from which on a carrier's usual time is known


@fact
def charges_without_parcel(books: Books) -> ibis.Table:
    """One row an invoice of the last four weeks: charges and amount, those of `unknown` shipments, those of parcels `kept` back.

    kept: no handover, no delivery and no scan of it is known.
    """
    c, s = books.table("carrier_charges"), books.table("shipments")
    c = c.filter(inside(c.invoiced_on, books.week.trailing(CLAIM_DAYS)))
    scanned = books.table("carrier_events").select("shipment_id").distinct().mutate(scanned=True)
    s = beside(s.select("shipment_id", "shipped_at", "delivered_at"), scanned, "shipment_id")
    s = s.select("shipment_id", moved=s.shipped_at.notnull() | s.delivered_at.notnull() | s.scanned.fill_null(False))
    t = beside(c, s, "shipment_id")
    unknown, kept = t.moved.isnull(), (~t.moved).fill_null(False)
    return t.group_by("invoice_id").aggregate(
        charges=t.count(), unknown_charges=unknown.sum(), unknown_amount=t.amount.sum(where=unknown).fill_null(0.0),
        unknown=t.shipment_id.nunique(where=unknown), kept=t.shipment_id.nunique(where=kept),
        kept_amount=t.amount.sum(where=kept).fill_null(0.0), invoiced_on=t.invoiced_on.max(),
        members=t.shipment_id.group_concat("; ", where=unknown | kept, order_by=t.shipment_id),
    )  # fmt: skip


@fact
def sent_though_cancelled(books: Books) -> ibis.Table:
    """One row an order handed over in the last four weeks after it had been cancelled: place, day, carriage, and its goods at cost.

    Without what has come back since. An order whose hour of cancelling is not known is left out.
    """
    o, s, p = books.table("orders"), books.table("shipments"), books.table("products")
    o = o.filter(o.cancelled, o.cancelled_at.notnull()).select("order_id", "cancelled_at")
    s = s.filter(inside(s.shipped_at_local.date(), books.week.trailing(CLAIM_DAYS))).join(o, "order_id")
    s = s.filter(s.shipped_at > s.cancelled_at)
    c = books.table("carrier_charges")
    billed = c.group_by("shipment_id").aggregate(billed=c.amount.sum())
    s = beside(s, billed, "shipment_id")
    sent = s.group_by("order_id").aggregate(
        location=s.location.min(), day=s.shipped_at_local.date().min(), carriage=ibis.greatest(s.billed, s.label_cost).sum().fill_null(0.0)
    )
    lines = books.table("order_lines").semi_join(sent, "order_id")
    r = books.table("returns")
    r = r.filter(r.received_at.notnull()).group_by("order_id", "sku").aggregate(back=lambda t: t.quantity.sum())
    units = lines.group_by("order_id", "sku").aggregate(quantity=lines.quantity.sum())
    units = beside(beside(units, r, "order_id", "sku"), p.select("sku", "unit_cost"), "sku")
    gone = ibis.greatest(units.quantity - units.back.fill_null(0.0), 0.0) * units.unit_cost.fill_null(0.0)
    goods = units.group_by("order_id").aggregate(goods=gone.sum())
    t = beside(sent, goods, "order_id")
    return t.mutate(goods=t.goods.fill_null(0.0))


@fact
def services_unasked(books: Books) -> ibis.Table:
    """One row a charge of the last four weeks for mending what, by the carrier's own scans, did not go wrong: carrier, type, amount.

    Of a parcel that was scanned, and never with an exception. What was credited is left out, and so is a second charge of the same
    (`duplicate_charge` has it).
    """
    c, e, s = books.table("carrier_charges"), books.table("carrier_events"), books.table("shipments")
    c = c.filter(c.charge_type.isin(UNASKED))
    credited = c.filter(c.amount < 0).select("shipment_id", "charge_type").distinct()
    c = c.filter(c.amount > 0).anti_join(credited, ["shipment_id", "charge_type"])
    same = ibis.window(group_by=[c.shipment_id, c.charge_type, c.amount], order_by=[c.invoiced_on, c.invoice_id, c.charge_id])
    c = c.mutate(nth=ibis.row_number().over(same))
    c = c.filter(c.nth == 0, inside(c.invoiced_on, books.week.trailing(CLAIM_DAYS)))
    scans = e.group_by("shipment_id").aggregate(trouble=e.is_exception.any())
    t = c.join(scans.filter(~scans.trouble), "shipment_id").join(s.select("shipment_id", "carrier"), "shipment_id")
    return t.select("carrier", "charge_type", "invoice_id", "shipment_id", "amount", "invoiced_on")


@fact
def parcels_unbilled(books: Books) -> ibis.Table:
    """One row a carrier with parcels of T91 that it has not billed though it usually would have: parcels, `accrued` at their labels.

    `usual_days`: by when it has billed 99 of 100, from handover to the first charge, of at least thirty parcels of T182; and a week more.
    """
    c, s = books.table("carrier_charges"), books.table("shipments")
    first = c.group_by("shipment_id").aggregate(billed_on=c.invoiced_on.min())
    s = s.mutate(day=s.shipped_at_local.date())
    s = beside(s.filter(inside(s.day, books.week.trailing(KEPT_DAYS))), first, "shipment_id")
    s = s.mutate(took=s.billed_on.delta(s.day, unit="day").cast("float64"))
    usual = s.group_by("carrier").aggregate(usual_days=s.took.quantile(USUAL), known=s.took.count())
    waiting = s.filter(s.billed_on.isnull(), inside(s.day, books.week.trailing(91)))
    waits = ibis.literal(books.week.end).delta(waiting.day, unit="day").cast("float64")
    t = waiting.mutate(waits=waits).join(usual.filter(usual.known >= ENOUGH), "carrier")
    t = t.filter(t.waits > t.usual_days + GRACE_DAYS)
    return t.group_by("carrier").aggregate(
        parcels=t.count(), accrued=t.label_cost.sum().fill_null(0.0), usual_days=t.usual_days.max(), oldest=t.day.min(),
        members=t.shipment_id.group_concat("; ", order_by=t.shipment_id),
    )  # fmt: skip


@fact
def weights_apart(books: Books) -> ibis.Table:
    """One row a service that billed parcels in W more than a tenth and 0.1 kg heavier than they were declared: parcels, both weights."""
    c, s = books.table("carrier_charges"), books.table("shipments")
    c = c.filter(c.charge_type == "base", inside(c.invoiced_on, books.week.window))
    by = c.group_by("shipment_id").aggregate(billed_kg=c.billed_weight_kg.max(), invoiced_on=c.invoiced_on.max())
    t = by.join(s, "shipment_id")
    heavier = (t.billed_kg > 1.1 * t.weight_kg) & (t.billed_kg > t.weight_kg + 0.1)
    t = t.filter(heavier.fill_null(False))
    return t.group_by("carrier", "service").aggregate(
        parcels=t.count(), declared_kg=t.weight_kg.sum(), billed_kg=t.billed_kg.sum(), invoiced_on=t.invoiced_on.max()
    )
